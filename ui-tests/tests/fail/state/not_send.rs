use std::rc::Rc;

use phx_runtime::prelude::*;

struct Room {
    names: Rc<str>,
}

#[channel("room:*")]
impl Room {
    #[join]
    fn join(names: String) -> Result<Self, JoinError> {
        Ok(Self { names: names.into() })
    }

    #[handle_in("names")]
    fn names(&self) -> Reply {
        Reply::ok(&*self.names)
    }
}

struct Sock;

#[socket("/socket", websocket)]
#[channels(Room)]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
