use phx_runtime::prelude::*;

struct Room<K, V>(K, V);

#[channel("room:*")]
impl<K: Default + Clone, V: Default> Room<K, V> {
    #[join]
    fn join() -> Result<Self, JoinError> {
        Ok(Self(K::default(), V::default()))
    }
}

fn main() {}
