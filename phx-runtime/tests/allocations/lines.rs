//! What lines of the log take.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use crate::{
    client::{SOCKET, text},
    server::Server,
};

/// What was logged on this thread.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_the_log_says_of_a_message_takes_no_memory_by_its_size() {
    // While there is one subscriber alone, `tracing` asks that of the thread which comes to a line
    // first, and other tests' threads have none.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone());
    let _logs = tracing::subscriber::set_default(subscriber.finish());
    let server = Server::start();
    let mut client = server.client(SOCKET);
    server.while_client(|| client.ask(&text(r#"["1","1","door:open","phx_join",{}]"#)));
    let size = 9_900_000;
    for payload in [
        format!("{{\"password\":[{}1]}}", "1,".repeat(size / 2)),
        format!("[{}1]", "{},".repeat(size / 3)),
        format!("{}1{}", "[".repeat(size / 2), "]".repeat(size / 2)),
        format!("{{\"{}\":1}}", "n".repeat(size)),
        format!("\"{}\"", "\\u001b".repeat(size / 6)),
    ] {
        for (what, event) in [("door:closed", "phx_join"), ("door:open", "ack")] {
            let message = text(&format!(r#"["1","2","{what}","{event}",{payload}]"#));
            lines.0.lock().unwrap().clear();
            let (info, ()) = server.while_client(|| client.ask(&message));
            let begin = &payload[..10];
            // Twice for the buffer that the frame is read into, which may have to grow.
            let (most, all) = (info.bytes_max, 3 * size as u64);
            assert!(most < all, "{begin} of {event} takes {most} bytes");
            let length = lines.0.lock().unwrap().len();
            assert!((100..4000).contains(&length), "{begin} of {event} writes {length} bytes");
        }
    }
}
