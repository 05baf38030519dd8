//! The phx server under test: a plain channel with typed payloads, logging off.

use std::{env, net::SocketAddr, time::Duration};

#[cfg(feature = "tls")]
use phx_runtime::server::TlsOptions;
use phx_runtime::{Endpoint, Presence, presence::PresenceOptions, server::Listener};

/// What the load is made of.
mod bench {
    use phx_runtime::prelude::*;
    use serde::{Deserialize, Serialize};

    /// A connection of the load generator.
    pub struct Load;

    #[socket("/socket", websocket(timeout = false), longpoll, max_channels = 100_000)]
    #[channels(Bench, Member)]
    impl Load {
        #[connect]
        fn connect() -> Result<Self, ConnectError> {
            Ok(Self)
        }
    }

    /// One topic of a connection.
    pub struct Bench;

    #[derive(Serialize, Deserialize)]
    struct Numbered {
        n: u64,
        pad: String,
    }

    #[channel("bench:*")]
    impl Bench {
        #[join]
        fn join() -> Result<Self, JoinError> {
            Ok(Self)
        }

        #[handle_in("cast")]
        fn cast(&self, message: Numbered, socket: &Socket) {
            socket.broadcast("cast", message);
        }

        #[handle_in("others")]
        fn others(&self, message: Numbered, socket: &Socket) {
            socket.broadcast_from("others", message);
        }

        #[handle_in("echo")]
        fn echo(&self, message: Numbered) -> Reply {
            Reply::ok(message)
        }
    }

    /// Somebody in a room whose members are told of each other.
    #[derive(Deserialize)]
    pub struct Member {
        key: String,
    }

    struct AfterJoin;

    #[channel("room:*")]
    impl Member {
        #[join]
        fn join(member: Self) -> Result<Joined<Self>, JoinError> {
            Ok(Joined::new(member).then(AfterJoin))
        }

        #[handle_info]
        fn after_join(
            &self,
            _: AfterJoin,
            socket: &Socket,
            presence: State<Presence>,
        ) -> Result<(), Fault> {
            presence.track(socket, &self.key, json!({}))?;
            Ok(())
        }
    }
}

/// How requests reach the endpoint.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It is served alone.
    Alone,
    /// As filters of warp, as beside an application's own.
    Filters,
}

/// Serves until it is killed, with so many worker threads.
pub fn serve(threads: usize, way: Way) -> Result<(), Box<dyn std::error::Error>> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    runtime.block_on(async {
        let coalesce = env::var("COALESCE").ok().and_then(|millis| millis.parse().ok());
        let coalesce = Duration::from_millis(coalesce.unwrap_or_default());
        let presence = Presence::with_options(PresenceOptions::new().coalesce(coalesce));
        let mut builder = Endpoint::builder().socket::<bench::Load>().state(presence);
        if let (Ok(url), Ok(secret)) = (env::var("CLUSTER"), env::var("SECRET")) {
            builder = builder.secret(secret).cluster(url);
        }
        let endpoint = builder.build()?;
        let listener = Listener::from(SocketAddr::from(([127, 0, 0, 1], 0)));
        #[cfg(feature = "tls")]
        let listener = match (env::var("CERTIFICATE"), env::var("KEY")) {
            (Ok(certificate), Ok(key)) => listener.tls(&TlsOptions::pem(certificate, key).build()?),
            _ => listener,
        };
        let server = endpoint.bind(listener).await?;
        println!("{}", server.address());
        match way {
            Way::Alone => server.run_service(endpoint.service()).await,
            Way::Filters => server.run(endpoint.routes()).await,
        }
        Ok(())
    })
}
