use phx_runtime::prelude::*;

#[channel("room:*")]
impl String {
    #[join]
    fn join() -> Result<String, JoinError> {
        Ok(String::new())
    }
}

fn main() {}
