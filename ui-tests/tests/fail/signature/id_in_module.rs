use phx_runtime::prelude::*;

#[socket("/socket", websocket)]
mod guests {
    use phx_runtime::prelude::*;

    #[assigns]
    pub struct Guest;

    #[connect]
    fn connect() -> Result<Guest, ConnectError> {
        Ok(Guest)
    }

    #[id]
    async fn id(guest: &mut Guest, info: &ConnectInfo) {
        let _ = (guest, info);
    }
}

fn main() {}
