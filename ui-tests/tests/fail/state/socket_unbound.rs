use phx_runtime::prelude::*;

struct Sock<T>(T);

#[socket("/socket", websocket)]
impl<T: Default + Send + 'static> Sock<T> {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self(T::default()))
    }
}

fn main() {}
