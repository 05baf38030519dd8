//! Clients for which much waits: those that read get all of it, and those that do not are closed.

use std::{cell::Cell, net::SocketAddr, time::Duration};

use phx_runtime::{
    options::{Mount, WebSocketOptions},
    prelude::*,
    server::BuildError,
    testing,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{
    clock::{self, time_until},
    http_client::Client,
    logs::Logs,
    raw_client::{CLOSE, RawClient, SOCKET, TEXT, connect_narrowly, frame},
    server::serve,
};

const SECOND: Duration = Duration::from_secs(1);

/// Pieces of a long export, each of this size.
const PIECE: usize = 1_000_000;
const PIECES: usize = 100;

thread_local! {
    /// Rows and pieces that were pushed by the server of this test.
    static PUSHED: Cell<usize> = const { Cell::new(0) };
}

struct User;

#[socket("/socket", websocket(check_origin = false), longpoll(check_origin = false))]
#[channels(Room)]
impl User {
    #[connect]
    fn connect() -> Result<Self, ConnectError> {
        Ok(Self)
    }

    #[id]
    fn id(&self) -> &'static str {
        "user:7"
    }
}

struct Room;

#[channel("room:*", log_join = false, log_handle_in = false)]
impl Room {
    /// The state of the room is as long as the client wants it.
    #[join]
    fn join(state: usize) -> Result<Joined<Self>, JoinError> {
        Ok(Joined::new(Self).reply("x".repeat(state)))
    }

    #[handle_in("rows")]
    fn rows(&self, [count, size]: [usize; 2], socket: &Socket) -> Reply {
        let row = "x".repeat(size);
        for _ in 0..count {
            socket.push("row", &row);
            PUSHED.set(PUSHED.get() + 1);
        }
        Reply::ack()
    }

    #[handle_in("export")]
    async fn export(&self, pieces: usize, socket: &Socket) -> Reply {
        let piece = "x".repeat(PIECE);
        for _ in 0..pieces {
            socket.room().await;
            socket.push("piece", &piece);
            PUSHED.set(PUSHED.get() + 1);
        }
        Reply::ack()
    }
}

struct Server {
    endpoint: Endpoint,
    at: SocketAddr,
}

impl Server {
    async fn start() -> Self {
        Self::start_with(|mount| mount).await
    }

    async fn start_with(change: impl FnOnce(Mount) -> Mount) -> Self {
        let endpoint = Endpoint::builder().secret("x".repeat(64)).socket_with::<User>(change);
        let endpoint = endpoint.build().unwrap();
        let at = serve(&endpoint).await;
        Self { endpoint, at }
    }

    async fn joined(&self) -> RawClient {
        PUSHED.set(0);
        let stream = connect_narrowly(self.at).await;
        let mut client = RawClient::over(stream, SOCKET, "").await;
        client.send_text(r#"["1","1","room:a","phx_join",0]"#).await;
        assert!(client.frame().await.unwrap().text().contains("ok"));
        client
    }

    async fn joined_longpoll(&self) -> Client {
        let client = Client::open(self.at, "/socket/longpoll?vsn=2.0.0").await;
        assert_eq!(client.post(r#"["1","1","room:a","phx_join",0]"#).await, 200);
        client.receive(1).await;
        client
    }

    /// How long it takes until nobody is left in the room.
    async fn is_left(&self) -> Duration {
        let is_left = clock::until(|| self.endpoint.subscribers("room:a") == 0);
        time_until(is_left).await.0
    }
}

/// Waits until so many rows or pieces have been pushed.
async fn pushed(count: usize) {
    clock::until(|| PUSHED.get() == count).await;
}

const HEARTBEAT: &str = r#"[null,"9","phoenix","heartbeat",{}]"#;

fn export(pieces: usize) -> String {
    json!(["1", "2", "room:a", "export", pieces]).to_string()
}

fn rows(count: usize, size: usize) -> String {
    json!(["1", "2", "room:a", "rows", [count, size]]).to_string()
}

/// Reads until the answer to a heartbeat, and counts what comes before it.
async fn events_before_heartbeat(client: &mut RawClient) -> usize {
    let mut events = 0;
    loop {
        let frame = client.frame().await.unwrap();
        if frame.text().contains(r#""phoenix","phx_reply""#) {
            return events;
        }
        events += 1;
    }
}

#[tokio::test]
async fn what_one_callback_sends_is_delivered_however_much_it_is() {
    let server = Server::start().await;
    for (count, size) in [(1, 1_200_000), (10_000, 160), (30, 1_000_000), (150_000, 160)] {
        let mut client = server.joined().await;
        client.send_text(&rows(count, size)).await;
        client.send_text(HEARTBEAT).await;
        // Others go on sending to it meanwhile.
        server.endpoint.broadcast("room:a", "news", json!({}));
        assert_eq!(events_before_heartbeat(&mut client).await, count + 2, "{count} of {size}");
    }
}

#[tokio::test]
async fn a_join_with_much_state_is_answered() {
    let server = Server::start().await;
    let mut client = server.joined().await;
    for size in [1_500_000, 20_000_000] {
        client.send_text(&json!(["2", "2", "room:b", "phx_join", size]).to_string()).await;
        client.send_text(HEARTBEAT).await;
        events_before_heartbeat(&mut client).await;
    }
}

#[tokio::test]
async fn a_steady_reader_is_sent_a_long_reply_and_what_comes_behind_it() {
    let server = Server::start().await;
    let mut client = server.joined().await;
    client.send_text(&rows(1, 2_500_000)).await;
    let (mut read, mut buffer) = (0, vec![0; 50_000]);
    while read < 2_500_000 {
        client.send_text(HEARTBEAT).await;
        let length = client.stream.read(&mut buffer).await.unwrap();
        assert_ne!(length, 0, "closed after {read}");
        read += length;
        // Its pace.
        clock::pass(SECOND / 100).await;
    }
    assert_eq!(server.endpoint.subscribers("room:a"), 1);
}

#[tokio::test]
async fn a_client_that_stops_reading_is_closed_after_ten_seconds_and_may_still_read_everything() {
    let server = Server::start().await;
    let mut client = server.joined().await;
    client.send_text(&rows(10, 1_000_000)).await;
    pushed(10).await;
    let time = server.is_left().await;
    assert!((9 * SECOND..12 * SECOND).contains(&time), "{time:?}");
    let mut rows = 0;
    loop {
        let frame = client.frame().await.unwrap();
        if frame.first == CLOSE {
            assert_eq!(frame.close_code(), 1013);
            break;
        }
        rows += usize::from(frame.text().contains("row"));
    }
    assert_eq!(rows, 10);
}

#[tokio::test]
async fn a_client_that_never_reads_again_is_let_go_with_the_memory_it_took() {
    let server = Server::start().await;
    let mut client = server.joined().await;
    client.send_text(&rows(10, 1_000_000)).await;
    pushed(10).await;
    server.is_left().await;
    time_until(clock::until(|| server.endpoint.connections() == 0)).await;
    drop(client);
}

#[tokio::test]
async fn a_client_that_reads_nothing_of_many_broadcasts_is_closed_at_the_hard_limit() {
    let server = Server::start_with(|mount| {
        mount.websocket(WebSocketOptions::new().max_backlog(64 * 1024).max_backlog_hard(512 * 1024))
    })
    .await;
    let mut client = server.joined().await;
    let (mut sent, news) = (0, json!({ "text": "x".repeat(16 * 1024) }));
    while server.endpoint.subscribers("room:a") > 0 {
        server.endpoint.broadcast("room:a", "news", &news);
        sent += 1;
        // Beside that, the kernel takes some.
        assert!(sent < 1000, "what waits has no bound");
        tokio::task::yield_now().await;
    }
    assert!(sent > 512 / 16, "{sent}");
    assert_eq!(client.closed_with().await, Some(1013));
}

#[tokio::test]
async fn a_client_that_asks_for_more_than_it_reads_is_slowed_down_and_gets_every_answer() {
    let server = Server::start().await;
    let mut client = server.joined().await;
    let (mut read, mut write) = client.stream.split();
    let asking = async {
        for _ in 0..60 {
            let question = frame(TEXT, rows(1, 1_000_000).as_bytes());
            write.write_all(&question).await.unwrap();
        }
    };
    let reading = async {
        let (mut got, mut buffer) = (0, vec![0; 65536]);
        while got < 60 * 1_000_000 {
            let length = read.read(&mut buffer).await.unwrap();
            assert_ne!(length, 0, "closed after {got}");
            got += length;
        }
    };
    tokio::join!(asking, reading);
    assert_eq!(server.endpoint.subscribers("room:a"), 1);
}

#[tokio::test]
async fn a_hundred_megabytes_in_pieces_take_the_memory_of_a_few() {
    let server = Server::start().await;
    let mut client = server.joined().await;
    client.send_text(&export(PIECES)).await;
    for received in 0..PIECES {
        // While the client does not read, nothing is pushed but what the kernel has room for.
        clock::settle().await;
        assert!(PUSHED.get() <= received + 10, "{} were pushed at once", PUSHED.get() - received);
        assert!(client.frame().await.unwrap().payload.len() > PIECE);
    }
    client.send_text(HEARTBEAT).await;
    assert_eq!(events_before_heartbeat(&mut client).await, 1);
}

#[tokio::test]
async fn a_hundred_megabytes_in_pieces_go_over_long_poll_in_small_answers() {
    let server = Server::start().await;
    let client = server.joined_longpoll().await;
    assert_eq!(client.post(&export(PIECES)).await, 200);
    let mut messages = 0;
    while messages < PIECES + 1 {
        let answer = client.poll().await;
        assert!(matches!(answer.status(), 200 | 204));
        assert!(answer.body.len() < 2 * PIECE, "{}", answer.body.len());
        messages += answer.messages().len();
    }
}

#[tokio::test(start_paused = true)]
async fn the_test_kit_delivers_what_one_callback_sends_and_pieces_too() {
    let endpoint = Endpoint::builder().socket::<User>().build().unwrap();
    let client = testing::connect::<User>(&endpoint, json!({})).await.unwrap();
    let room = client.join("room:a", 0).await.unwrap();
    for (event, payload) in [("rows", json!([30, 1_000_000])), ("export", json!(30))] {
        let (status, _) = room.push(event, payload).await.reply().await.unwrap();
        assert_eq!(status, "ok");
    }
}

#[test]
fn limits_with_which_nobody_could_be_behind_are_refused() {
    let options = WebSocketOptions::new;
    for options in [
        options().max_backlog(1000).max_backlog_hard(999),
        options().backlog_timeout(Duration::ZERO),
    ] {
        let endpoint = Endpoint::builder().socket_with::<User>(|mount| mount.websocket(options));
        assert!(matches!(endpoint.build(), Err(BuildError::Backlog { .. })));
    }
}

#[tokio::test]
async fn what_the_server_closes_leaves_a_line_with_whose_it_was_and_why() {
    let logs = Logs::from("info");
    let options = WebSocketOptions::new().max_frame_size(100);
    let server = Server::start_with(|mount| mount.websocket(options)).await;
    for (message, code, level, reason) in [
        ("x".repeat(200), 1009, "INFO", "100"),
        ("garbage".into(), 1011, "INFO", "the client sent an invalid message"),
        (rows(3, 1_000_000), 1013, "WARN", "reads too slowly"),
    ] {
        let mut client = server.joined().await;
        let peer = client.stream.local_addr().unwrap();
        logs.take();
        client.send_text(&message).await;
        if code == 1013 {
            pushed(3).await;
        }
        server.is_left().await;
        assert_eq!(client.closed_with().await, Some(code));
        let lines = logs.take();
        let line = lines.lines().find(|line| line.contains("closing")).unwrap();
        assert!(line.contains(level) && line.contains(reason), "{lines}");
        let socket =
            ["socket=\"User\"", "id=\"user:7\"", &format!("peer={peer}")].map(str::to_owned);
        let facts = match code {
            1013 => vec!["limit=1048576".into(), "waiting=".into(), "behind_ms=1".into()],
            code => vec![format!("code={code}"), "reason=".into()],
        };
        for fact in facts.iter().chain(&socket) {
            assert_eq!(line.matches(&**fact).count(), 1, "{fact} in {line}");
        }
        assert_eq!(lines.matches("closing").count(), 1, "{lines}");
    }
}
