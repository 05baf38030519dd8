//! The runtime under another name, or through another crate.

mod facade {
    pub mod nested {
        pub use phx_runtime as phx;
    }
}

use facade::nested::phx::{self, ConnectError, Endpoint, JoinError};

struct Sock;

#[phx::socket("/socket", websocket, crate = crate::renamed::facade::nested::phx)]
#[channels(Room, module::Module)]
impl Sock {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

struct Room;

#[phx::channel("room:{id}", crate = phx)]
impl Room {
    #[join]
    fn join(id: u8) -> Result<Self, JoinError> {
        if id > 0 { Ok(Self) } else { Err(JoinError::new("zero")) }
    }
}

// Paths of a module's attribute start inside of the module.
#[phx::channel("module:*", crate = super::phx)]
mod module {
    use super::JoinError;

    #[assigns]
    pub struct Module;

    #[join]
    fn join() -> Result<Module, JoinError> {
        Ok(Module)
    }
}

#[test]
fn another_name_is_as_good() {
    Endpoint::builder().socket::<Sock>().build().unwrap();
}
