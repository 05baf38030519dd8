use phx_runtime::{prelude::*, testing};

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }
}

async fn test(endpoint: Endpoint) -> Result<(), ConnectError> {
    testing::connect::<Room>(&endpoint, json!({})).await?;
    Ok(())
}

fn main() {
    let _ = test;
}
