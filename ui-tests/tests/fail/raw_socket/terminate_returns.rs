use phx_runtime::prelude::*;

struct Echo;

#[socket("/echo", websocket)]
impl Echo {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }

    #[terminate]
    fn bye(&self, reason: Reason) -> String {
        reason.to_string()
    }
}

fn main() {}
