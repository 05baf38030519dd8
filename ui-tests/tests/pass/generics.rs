//! Generic sockets and channels, in the form that has generics.

use std::{fmt, marker::PhantomData};

use phx_runtime::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

pub trait Store: Clone + Send + Sync + 'static {
    type Key: std::str::FromStr + fmt::Display + Send;
    const NAME: &'static str;
}

#[derive(Clone)]
struct Memory;

impl Store for Memory {
    type Key = u32;
    const NAME: &'static str = "memory";
}

struct Sock<T, const N: usize>(PhantomData<T>);

#[socket("/generic", websocket)]
#[channels(Room<T, [u8; 2]>, "b:{key}:*" => Room<T, String>)]
impl<T, const N: usize> Sock<T, N>
where
    T: Store,
{
    #[connect]
    fn connect(_: Params, store: State<T>) -> Result<Self, ConnectError> {
        let _ = store;
        Ok(Self(PhantomData))
    }

    #[id]
    fn id(&self) -> String {
        let Self(PhantomData) = self;
        format!("{}{N}", T::NAME)
    }
}

struct Room<S, M> {
    key: String,
    last: Option<M>,
    store: S,
}

#[channel("a:{key}")]
impl<S: Store, M> Room<S, M>
where
    M: Serialize + DeserializeOwned + Send + Sync + 'static,
{
    #[join]
    async fn join(key: S::Key, first: Option<M>, store: State<S>) -> Result<Self, JoinError> {
        tokio::task::yield_now().await;
        Ok(Self { key: key.to_string(), last: first, store: store.0 })
    }

    #[handle_in("set")]
    async fn set(&mut self, value: M, store: State<S>) -> Result<(), Fault> {
        tokio::task::yield_now().await;
        self.last = Some(value);
        self.store = store.0;
        Ok(())
    }

    #[handle_in("get")]
    fn get(&self) -> Result<&M, Vec<String>> {
        self.last.as_ref().ok_or_else(|| vec![self.key.clone()])
    }

    #[handle_out("set")]
    fn out(&mut self, value: M) {
        self.last = Some(value);
    }

    #[handle_info]
    fn info(&mut self, value: M) {
        self.last = Some(value);
    }
}

#[event("changed")]
#[derive(Serialize)]
struct Changed<M> {
    to: M,
}

#[test]
fn a_generic_event_is_sent_with_what_can_be() {
    let socket = phx_runtime::testing::socket("a:7");
    socket.push_event(Changed { to: 7 });
    let sent = phx_runtime::testing::sent(&socket);
    assert_eq!(sent.len(), 1);
}

#[test]
fn a_generic_socket_is_mounted_for_each_of_its_types() {
    let endpoint = Endpoint::builder().state(Memory).socket::<Sock<Memory, 3>>();
    endpoint.build().unwrap();
    let error = Endpoint::builder().socket::<Sock<Memory, 4>>().build().unwrap_err().to_string();
    assert!(error.contains("`Sock::connect`, `Room::set` and `Room::join` need"), "{error}");
    assert_eq!(Room::<Memory, u8>::topic(7), "a:7");
}
