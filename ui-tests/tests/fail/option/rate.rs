use phx_runtime::prelude::*;

struct Bare;

#[socket("/bare", websocket, max_rate = 50)]
impl Bare {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

struct Burst;

#[socket("/burst", websocket, max_rate(burst = 50))]
impl Burst {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

struct Nothing;

#[socket("/nothing", websocket, max_rate(per_second = 0, bursts = 5))]
impl Nothing {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

struct Transport;

#[socket("/transport", websocket(max_rate(per_second = 5)))]
impl Transport {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

fn main() {}
