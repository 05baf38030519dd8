use phx_runtime::prelude::*;

struct Room;

#[channel("room:*")]
impl Room {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self)
    }

    #[handle_in("bare", max_rate = 5)]
    fn bare(&self, _: Payload) {}

    #[handle_in(max_rate(per_second = 5))]
    fn nameless(&self, _: Payload) {}

    #[handle_in("per_minute", max_rate(per_minute = 5))]
    fn per_minute(&self, _: Payload) {}

    #[handle_in("twice", max_rate(per_second = 5), max_rate(per_second = 6))]
    fn twice(&self, _: Payload) {}

    #[handle_in(_, max_rate(per_second = 5))]
    fn rest(&self, _: Payload) {}

    #[handle_out("news", max_rate(per_second = 5))]
    fn news(&self, _: Payload) {}
}

fn main() {}
