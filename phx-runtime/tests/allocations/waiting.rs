//! What may wait, for a busy handler and for a client.

use std::{io::Write, thread};

use allocation_counter::measure;

use crate::{client::text, server::Server, sockets::room};

#[test]
fn a_flood_behind_a_busy_handler_takes_the_memory_of_what_may_wait() {
    let server = Server::start();
    let large = format!(r#"["1","2","room:a","ack",{{"body":"{}"}}]"#, "x".repeat(30_000));
    let small = r#"["1","2","room:a","ack",{}]"#.to_owned();
    let beat = format!(r#"[null,"2","phoenix","heartbeat",{{}}{}]"#, " ".repeat(15_000));
    // Each with what comes between two of them, and how often both.
    for (message, between, times) in [(large, 0, 200), (small, 4, 200)] {
        let (mut client, mut other) = (server.joined(), server.joined());
        let mut flood = text(r#"["1","2","room:a","wait",{}]"#);
        for _ in 0..times {
            flood.extend(text(&message));
            (0..between).for_each(|_| flood.extend(text(&beat)));
        }
        let mut write = client.0.try_clone().unwrap();
        let (info, ()) = server.while_client(|| {
            thread::scope(|scope| {
                scope.spawn(|| write.write_all(&flood).unwrap());
                (0..times * between).for_each(|_| client.read());
                // So often that the server had read what there is to be had, if it read it.
                for _ in 0..200 {
                    other.ask(&text(r#"[null,"2","phoenix","heartbeat",{}]"#));
                }
                room::GO_ON.notify_one();
                (0..=times).for_each(|_| client.read());
            });
        });
        // What is read at once comes on top of what waits.
        let (waiting, most) = (info.bytes_max, 3 << 19);
        assert!(waiting < most, "{waiting} bytes for {} of {}", times, message.len());
    }
}

#[test]
fn what_waits_for_a_client_that_does_not_read_takes_no_more_memory_than_it_may() {
    let server = Server::start();
    let client = server.joined();
    let news = "x".repeat(100_000);
    let broadcasts = async {
        for _ in 0..1000 {
            server.endpoint.broadcast("room:a", "news", &news);
            tokio::task::yield_now().await;
        }
        assert_eq!(server.endpoint.subscribers("room:a"), 0, "it was closed");
    };
    let info = measure(|| server.runtime.block_on(broadcasts));
    // The hard limit, what a turn may bring on top of that, and what is on its way.
    let most = 18 << 20;
    assert!((15 << 20..most).contains(&info.bytes_max), "{} bytes", info.bytes_max);
    drop(client);
}
