use phx_runtime::prelude::*;

#[derive(Debug)]
struct DbError;

fn find() -> Result<u64, DbError> {
    Err(DbError)
}

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    async fn join() -> Result<Self, JoinError> {
        find()?;
        Ok(Self)
    }
}

fn main() {}
