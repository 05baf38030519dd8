use phx_runtime::prelude::*;

struct Sock {
    user: u64,
}

#[socket("/socket", websocket)]
impl Sock {
    #[connect]
    fn connect(params: Params) -> Result<Self, ConnectError> {
        let user = params.get("user").unwrap_or_default().parse()?;
        Ok(Self { user })
    }

    #[id]
    fn id(&self) -> String {
        self.user.to_string()
    }
}

fn main() {}
