//! A transport outside of the crate whose client is in the same process.

use std::{
    io,
    sync::Arc,
    task::{Context, Poll},
};

use parking_lot::Mutex;
use phx_runtime::{
    Reason,
    transport::{CloseCode, Connection, Frame, Outcome, Outgoing, Received, Transport},
};
use tokio::sync::mpsc;

/// What the client gets, with the code that the server closed with at the end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Got {
    Text(String),
    Closed(Option<CloseCode>),
}

pub(super) struct Memory {
    from_client: mpsc::UnboundedReceiver<Received>,
    to_client: mpsc::UnboundedSender<Got>,
    /// What became of the client's messages.
    pub(super) outcomes: Arc<Mutex<Vec<Outcome>>>,
    pub(super) answers_each_message: bool,
    /// In which method it panics.
    pub(super) stumbles_in: &'static str,
}

pub(super) struct Client {
    pub(super) to_server: mpsc::UnboundedSender<Received>,
    pub(super) got: mpsc::UnboundedReceiver<Got>,
}

impl Client {
    pub(super) fn say(&self, text: &str) {
        self.to_server.send(Received::Message(Frame::text(text))).unwrap();
    }

    pub(super) async fn hears(&mut self) -> String {
        match self.got.recv().await {
            Some(Got::Text(text)) => text,
            other => panic!("{other:?} instead of a message"),
        }
    }
}

pub(super) fn memory() -> (Client, Memory) {
    let (to_server, from_client) = mpsc::unbounded_channel();
    let (to_client, got) = mpsc::unbounded_channel();
    let memory = Memory {
        from_client,
        to_client,
        outcomes: Arc::default(),
        answers_each_message: false,
        stumbles_in: "",
    };
    (Client { to_server, got }, memory)
}

impl Transport for Memory {
    fn poll_receive(&mut self, task: &mut Context<'_>, _: &Connection) -> Poll<Received> {
        let received = self.from_client.poll_recv(task);
        assert!(received.is_pending() || self.stumbles_in != "poll_receive", "told to");
        received.map(|received| received.unwrap_or(Received::Lost))
    }

    fn poll_send(&mut self, _: &mut Context<'_>, connection: &Connection) -> Poll<io::Result<()>> {
        for outgoing in connection.take_frames() {
            assert_ne!(self.stumbles_in, "poll_send", "told to");
            let Outgoing::Frame(Frame::Text(text)) = outgoing else { continue };
            let sent = self.to_client.send(Got::Text(text.to_string()));
            sent.map_err(|_| io::ErrorKind::BrokenPipe)?;
        }
        Poll::Ready(Ok(()))
    }

    fn handled(&mut self, outcome: Outcome) {
        self.outcomes.lock().push(outcome);
    }

    fn answers_each_message(&self) -> bool {
        self.answers_each_message
    }

    fn poll_close(&mut self, task: &mut Context<'_>, connection: &Connection) -> Poll<()> {
        let _ = self.poll_send(task, connection);
        let code = connection.ending().map(|(code, _)| code);
        // The client may be gone.
        let _ = self.to_client.send(Got::Closed(code));
        Poll::Ready(())
    }

    fn ended(&mut self, _: &Reason, _: &Connection) {
        assert_ne!(self.stumbles_in, "ended", "told to");
    }
}
