//! How often the server allocates for a message.

use crate::{
    client::{frame, text},
    server::Server,
};

#[test]
fn an_echo_takes_what_was_read_and_nothing_else() {
    let server = Server::start();
    let per_echo = |frame: &[u8]| server.per_answer(server.client("/echo/websocket"), frame);
    for size in [1, 64, 4096] {
        assert_eq!(per_echo(&text(&"x".repeat(size))), 1, "{size} bytes");
    }
    assert_eq!(per_echo(&frame(0x89, b"still there?")), 1, "a ping");
}

#[test]
fn an_answer_takes_what_was_read_and_what_its_handler_makes() {
    let server = Server::start();
    let per_message = |message: &str| server.per_answer(server.joined(), &text(message));
    // What was read.
    assert_eq!(per_message(r#"[null,"2","phoenix","heartbeat",{}]"#), 1);
    assert_eq!(per_message(r#"["1","2","room:a","ack",{}]"#), 1);
    // The handler's future, and what keeps the channel for it.
    assert_eq!(per_message(r#"["1","2","room:a","ack_later",{}]"#), 3);
    // The `String` that the handler takes.
    assert_eq!(per_message(r#"["1","2","room:a","push",{"body":"hello"}]"#), 2);
    // And the reply, which outlives the handler.
    assert_eq!(per_message(r#"["1","2","room:a","echo",{"body":"hello"}]"#), 3);
}

#[test]
fn a_broadcast_takes_the_same_whatever_the_number_of_subscribers() {
    let server = Server::start();
    let mut clients = vec![server.joined()];
    let one = server.per_broadcast();
    assert_eq!(one, 7);
    clients.extend((0..199).map(|_| server.joined()));
    assert_eq!(server.per_broadcast(), one, "{} subscribers", clients.len());
    clients.extend((0..400).map(|_| server.joined()));
    // Those beyond the first 256 are served by a task of its own.
    assert_eq!(server.per_broadcast(), one + 1, "{} subscribers", clients.len());
}
