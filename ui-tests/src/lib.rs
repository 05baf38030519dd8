//! Misuse of the macros and what is said about it: see `tests/fail`. Programs that must compile are
//! in `tests/pass`. What rust-analyzer knows of programs that are being typed is measured by hand, with
//! `node ui-tests/editor/measure.mjs`, which says what it misses and ends with 1 then.
//!
//! The library itself is one of those: it is public, and nothing that is generated in it makes even
//! the strictest lints speak.
#![deny(
    warnings,
    missing_docs,
    unreachable_pub,
    unused,
    unused_qualifications,
    unused_results,
    single_use_lifetimes,
    let_underscore_drop,
    elided_lifetimes_in_paths,
    clippy::all,
    clippy::pedantic,
    clippy::absolute_paths,
    clippy::shadow_reuse,
    clippy::shadow_same,
    clippy::shadow_unrelated
)]

/// A documented module with public types.
pub mod documented {
    use phx_runtime::{channel, prelude::*, socket};
    use serde::Deserialize;
    use tokio::task::yield_now;

    /// What clients connect with.
    #[derive(Deserialize)]
    struct Guest {
        /// Who.
        user: u8,
    }

    /// The socket.
    #[derive(Debug)]
    pub struct Sock {
        /// Who.
        user: u8,
    }

    #[socket("/socket", websocket(timeout = "60s"), longpoll, max_channels = 3)]
    #[channels(Room, super::in_modules::Module)]
    impl Sock {
        #[connect]
        fn connect(Guest { user }: Guest, limit: State<u8>) -> Result<Self, ConnectError> {
            if user < limit.0 { Ok(Self { user }) } else { Err(ConnectError::new("unknown")) }
        }

        #[id]
        fn id(&self) -> Option<String> {
            (self.user > 0).then(|| self.user.to_string())
        }
    }

    /// The channel.
    #[derive(Debug)]
    pub struct Room {
        /// Which.
        id: u64,
    }

    #[channel("room:{id}", log_join = "debug")]
    impl Room {
        #[join]
        fn join(id: u64, _: Payload, user: &Sock, limit: State<u8>) -> Result<Self, JoinError> {
            if user.user > limit.0 {
                return Err(JoinError::new("full"));
            }
            Ok(Self { id })
        }

        #[handle_in("a", "b")]
        async fn both(&mut self, value: u64, event: Event, socket: &Socket) -> Reply {
            yield_now().await;
            socket.push(&event, value);
            self.id = value;
            Reply::ok(self.id)
        }

        #[handle_in("c")]
        fn plain(&self) -> Result<u64, Fault> {
            if self.id > 0 { Ok(self.id) } else { Err(Fault::new("zero")) }
        }

        #[handle_out("d")]
        fn out(&mut self, value: u64) {
            self.id = value;
        }

        #[handle_info]
        async fn info(&mut self, value: u64) -> Next {
            yield_now().await;
            self.id = value;
            Next::Continue
        }

        #[handle_info]
        fn other(&mut self, value: u32) {
            self.id = u64::from(value);
        }

        #[terminate]
        fn bye(&mut self, reason: Reason, limit: State<u8>) {
            self.id = u64::from(limit.0);
            if let Reason::Failed(why) = reason {
                drop(why);
            }
        }
    }
}

/// The other form.
#[phx_runtime::channel("module:{id}:{name}")]
pub mod in_modules {
    use phx_runtime::prelude::*;
    use tokio::task::yield_now;

    /// The state.
    #[assigns]
    #[derive(Debug)]
    pub struct Module {
        /// Which.
        id: u64,
        /// What it is called.
        name: String,
    }

    /// Joins.
    #[join]
    fn join(id: u64, name: String) -> Result<Module, JoinError> {
        if name.is_empty() { Err(JoinError::new("nameless")) } else { Ok(Module { id, name }) }
    }

    /// Handles.
    #[handle_in("a")]
    fn a(module: &mut Module, value: u64) -> Result<(), u64> {
        if module.id == value {
            return Err(value);
        }
        module.id = value;
        Ok(())
    }

    /// Handles.
    #[handle_in(_)]
    async fn rest(module: &Module, socket: &Socket) {
        yield_now().await;
        socket.push("rest", &module.name);
    }
}

/// Callbacks that do not use what they have to take, return or be.
pub mod demanded {
    use std::collections::BTreeMap;

    use phx_runtime::{channel, prelude::*, socket};

    /// The socket.
    #[derive(Clone, Copy, Debug)]
    pub struct Sock;

    #[socket("/demanded", websocket)]
    #[channels(Room)]
    impl Sock {
        #[connect]
        async fn connect(
            _: BTreeMap<String, String>,
            limit: State<u8>,
        ) -> Result<Self, ConnectError> {
            assert!(limit.0 > 0, "nobody may connect");
            Ok(Self)
        }

        #[id]
        fn id(&self) -> String {
            "anybody".to_owned()
        }
    }

    /// The channel.
    #[derive(Clone, Copy, Debug)]
    pub struct Room;

    #[channel("room:*")]
    impl Room {
        #[join]
        async fn join(params: String, user: &Sock) -> Result<Self, JoinError> {
            assert!(params.is_empty(), "{user:?}");
            Ok(Self)
        }

        #[handle_in("a")]
        async fn a(&mut self, text: String, event: Event) -> Reply {
            Reply::ok(text.len() + event.len())
        }

        #[handle_in("b")]
        async fn b(&self) {}

        #[handle_out("c")]
        fn c(&self, text: String, socket: &Socket) {
            socket.push("c", text.len());
        }

        #[handle_info]
        fn d(&self, text: String) {
            assert!(text.is_empty(), "full");
        }

        #[terminate]
        fn e(&self, reason: Reason) {
            assert!(!matches!(reason, Reason::Failed(_)), "failed");
        }
    }
}

/// The same in a module.
#[phx_runtime::channel("demanded:*")]
pub mod demanded_in_a_module {
    use phx_runtime::prelude::*;

    /// The state.
    #[assigns]
    #[derive(Clone, Copy, Debug)]
    pub struct Room;

    #[join]
    async fn join(params: String) -> Result<Room, JoinError> {
        assert!(params.is_empty(), "full");
        Ok(Room)
    }

    #[handle_in("a")]
    async fn a(_: &Room, text: String) -> Reply {
        Reply::ok(text.len())
    }
}
