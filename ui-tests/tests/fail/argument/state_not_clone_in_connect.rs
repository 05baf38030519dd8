use phx_runtime::prelude::*;

struct Db;

struct Sock;

#[socket("/socket", websocket)]
impl Sock {
    #[connect]
    fn connect(_: Params, db: State<Db>) -> Result<Self, ConnectError> {
        drop(db);
        Ok(Self)
    }
}

fn main() {}
