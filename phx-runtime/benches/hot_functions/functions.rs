//! What is measured.

use divan::{Bencher, black_box, counter::BytesCount};
use futures_util::FutureExt;
use phx_runtime::{
    ConnectInfo, Endpoint, Params, Topic, hot,
    serializer::Version,
    transport::{Connection, Frame, RawSocket, TransportKind},
};

/// Bytes of text in a payload.
const SIZES: [usize; 2] = [40, 1024];

/// The server that the load is for: one channel of interest behind many others.
mod load {
    use phx_runtime::prelude::*;
    use serde::{Deserialize, Serialize};

    pub struct Load;

    #[socket("/socket", websocket)]
    #[channels(
        "a:*" => Other, "b:*" => Other, "c:*" => Other, "d:*" => Other, "e:{id}:f" => Other,
        "g:*" => Other, "h:*" => Other, "i:*" => Other, "j:*" => Other, Bench,
    )]
    impl Load {
        #[connect]
        fn connect() -> Result<Self, ConnectError> {
            Ok(Self)
        }
    }

    pub struct Other;

    #[channel("other:*")]
    impl Other {
        #[join]
        fn join() -> Result<Self, JoinError> {
            Ok(Self)
        }
    }

    pub struct Bench;

    #[derive(Serialize, Deserialize)]
    pub struct Numbered {
        n: u64,
        pad: String,
    }

    #[channel("bench:*")]
    impl Bench {
        #[join]
        fn join() -> Result<Self, JoinError> {
            Ok(Self)
        }

        #[handle_in("echo")]
        fn echo(&self, message: Numbered) -> Reply {
            Reply::ok(message)
        }

        #[handle_in("drop")]
        fn ignore(&self, _message: Payload) {}
    }
}

fn payload(size: usize) -> String {
    format!("{{\"n\":1234567,\"pad\":\"{}\"}}", "x".repeat(size))
}

fn message(version: Version, event: &str, payload: &str) -> Frame {
    Frame::text(match version {
        Version::V1 => format!(
            "{{\"topic\":\"bench:x\",\"event\":\"{event}\",\"payload\":{payload},\"ref\":\"12\",\
             \"join_ref\":\"1\"}}"
        ),
        Version::V2 => format!("[\"1\",\"12\",\"bench:x\",\"{event}\",{payload}]"),
    })
}

/// From the bytes of a read to a message with its payload left raw.
mod decode {
    use super::{Bencher, BytesCount, SIZES, Version, black_box, hot, message, payload};

    #[divan::bench(args = SIZES)]
    fn frame(bencher: Bencher<'_, '_>, size: usize) {
        let frame = message(Version::V2, "echo", &payload(size));
        let mut stream = vec![0x81, 0xfe];
        stream.extend_from_slice(&u16::try_from(frame.len()).unwrap().to_be_bytes());
        if frame.len() < 126 {
            stream = vec![0x81, 0x80 | u8::try_from(frame.len()).unwrap()];
        }
        let mask = [0x1f, 0x9a, 0x03, 0x77];
        stream.extend_from_slice(&mask);
        stream.extend(frame.as_bytes().iter().zip(mask.iter().cycle()).map(|(b, m)| b ^ m));
        let mut frames = hot::Frames::new(1 << 20);
        assert_eq!(frames.read(&stream), Some(frame));
        bencher
            .counter(BytesCount::of_slice(&stream))
            .bench_local(|| frames.read(black_box(&stream)));
    }

    #[divan::bench(args = SIZES)]
    fn v2(bencher: Bencher<'_, '_>, size: usize) {
        json(bencher, Version::V2, size);
    }

    #[divan::bench(args = SIZES)]
    fn v1(bencher: Bencher<'_, '_>, size: usize) {
        json(bencher, Version::V1, size);
    }

    fn json(bencher: Bencher<'_, '_>, version: Version, size: usize) {
        let frame = message(version, "echo", &payload(size));
        assert!(hot::decode(version, frame.clone()));
        bencher
            .counter(BytesCount::of_slice(frame.as_bytes()))
            .with_inputs(|| frame.clone())
            .bench_values(|frame| hot::decode(version, black_box(frame)));
    }
}

/// From a payload to the frame of a reply.
mod encode {
    use super::{Bencher, SIZES, Version, black_box, hot, payload};

    #[divan::bench(args = SIZES)]
    fn v2(bencher: Bencher<'_, '_>, size: usize) {
        let payload = payload(size);
        bencher.bench(|| hot::encode(Version::V2, "bench:x", black_box(payload.as_bytes())));
    }

    #[divan::bench(args = SIZES)]
    fn v1(bencher: Bencher<'_, '_>, size: usize) {
        let payload = payload(size);
        bencher.bench(|| hot::encode(Version::V1, "bench:x", black_box(payload.as_bytes())));
    }
}

/// Which channel serves a topic.
#[divan::bench(args = ["a:x", "bench:x", "nobody:x"])]
fn route(bencher: Bencher<'_, '_>, topic: &str) {
    let serves = hot::router(load::Load);
    let topic = Topic::from(topic);
    bencher.bench_local(|| serves(black_box(&topic)));
}

/// A client whose transport is memory, and which waits for nothing.
struct Client {
    socket: Box<dyn RawSocket>,
    connection: Connection,
}

impl Client {
    fn connect(endpoint: &Endpoint) -> Self {
        let params = Params::from_iter([("vsn", "2.0.0")]);
        let info = ConnectInfo::new(TransportKind::Custom("memory"), params);
        let mut socket =
            endpoint.connect("/socket", info).now_or_never().unwrap().unwrap().into_socket();
        let connection = Connection::new(1 << 24);
        let _ = socket.init(&connection).decide().now_or_never();
        Self { socket, connection }
    }

    fn handle(&mut self, frame: Frame) {
        let _ = self.socket.handle_in(frame, &self.connection).decide().now_or_never();
    }

    /// How many messages wait for the client; they wait no longer.
    fn take(&self) -> usize {
        self.connection.take_frames().len()
    }
}

fn joined(endpoint: &Endpoint) -> Client {
    let mut client = Client::connect(endpoint);
    client.handle(Frame::text("[\"1\",\"1\",\"bench:x\",\"phx_join\",{}]"));
    assert_eq!(client.take(), 1, "the join is answered");
    client
}

fn endpoint() -> Endpoint {
    Endpoint::builder().socket::<load::Load>().build().unwrap()
}

/// A whole message in a session: decoded, routed, handled, and what is sent taken out.
mod session {
    use super::{Bencher, Frame, SIZES, Version, endpoint, joined, message, payload};

    /// A typed payload comes and goes.
    #[divan::bench(args = SIZES)]
    fn echo(bencher: Bencher<'_, '_>, size: usize) {
        handle(bencher, &message(Version::V2, "echo", &payload(size)), 1);
    }

    /// Nothing is decoded further or sent.
    #[divan::bench]
    fn ignored(bencher: Bencher<'_, '_>) {
        handle(bencher, &message(Version::V2, "drop", "{}"), 0);
    }

    #[divan::bench]
    fn heartbeat(bencher: Bencher<'_, '_>) {
        handle(bencher, &Frame::text("[null,\"2\",\"phoenix\",\"heartbeat\",{}]"), 1);
    }

    fn handle(bencher: Bencher<'_, '_>, frame: &Frame, answers: usize) {
        let mut client = joined(&endpoint());
        bencher.bench_local(|| {
            client.handle(frame.clone());
            assert_eq!(client.take(), answers);
        });
    }
}

/// One broadcast to so many connections that do not write: encoded, and put into each outbox.
#[divan::bench(args = [1, 100, 10_000], sample_size = 1, sample_count = 200)]
fn broadcast(bencher: Bencher<'_, '_>, subscribers: usize) {
    let endpoint = endpoint();
    let clients: Vec<_> = (0..subscribers).map(|_| joined(&endpoint)).collect();
    let payload = serde_json::json!({ "n": 1_234_567, "pad": "x".repeat(40) });
    let deliver = || endpoint.broadcast("bench:x", "cast", &payload);
    deliver();
    assert!(clients.iter().all(|client| client.take() == 1), "everybody gets it");
    // A sample is one broadcast, before which the outboxes are emptied.
    bencher
        .counter(subscribers)
        .with_inputs(|| clients.iter().map(Client::take).sum::<usize>())
        .bench_local_values(|_| deliver());
}
