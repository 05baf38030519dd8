use phx_runtime::prelude::*;

struct Echo;

struct Refused(String);

#[socket("/echo", websocket)]
impl Echo {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }

    #[handle_in]
    fn echo(&self, text: String) -> Result<String, Refused> {
        Err(Refused(text))
    }
}

fn main() {}
