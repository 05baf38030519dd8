//! A transport that is memory.

use std::{future::poll_fn, pin::pin, sync::Arc, task::Poll};

use tokio::sync::{mpsc, oneshot};

use super::{inbox::Inbox, message::Received};
use crate::{
    connection::{Connection, Outgoing},
    log,
    message::{Info, Reason},
    transport::{Flow, Handled, RawSocket, stopped},
    wire::{CloseCode, Frame},
};

/// Bytes that may wait for the client. They do not wait: the client always reads.
const BACKLOG: usize = 1 << 24;

/// A message of the client, and whom to tell that the server has taken it.
pub(super) struct Sent {
    pub(super) frame: Frame,
    pub(super) taken: oneshot::Sender<()>,
}

enum Event {
    Message(Sent),
    Infos(Vec<Info>),
    End(Reason),
}

/// Establishes a connection.
pub(crate) fn establish(socket: &mut impl RawSocket) -> Connection {
    let connection = Connection::new(BACKLOG);
    socket.init(&connection);
    connection
}

/// Serves one connection until one of its ends closes it: the client by dropping its sender.
pub(crate) async fn serve(
    mut socket: impl RawSocket,
    connection: Connection,
    mut client: mpsc::UnboundedReceiver<Sent>,
    inbox: Arc<Inbox>,
) {
    // Whoever waits learns of the end, even if the socket panics.
    let closing = CloseAtEnd(inbox);
    let _abandoned = connection.abandon_at_end();
    let inbox = &*closing.0;
    let reason = loop {
        let event = poll_fn(|task| {
            let polled = socket.poll(task, &connection);
            deliver(&connection, task, inbox);
            if let Poll::Ready(Flow::Stop(code) | Flow::Malformed(code)) = polled {
                return Poll::Ready(Event::End(stop(&connection, code)));
            }
            if let Some((_, reason)) = connection.ending() {
                return Poll::Ready(Event::End(reason));
            }
            let infos = connection.take_messages();
            if !infos.is_empty() {
                return Poll::Ready(Event::Infos(infos));
            }
            if !socket.is_ready() {
                return Poll::Pending;
            }
            let sent = client.poll_recv(task);
            sent.map(|sent| sent.map_or(Event::End(Reason::Closed), Event::Message))
        });
        let mut flow = Flow::Continue;
        match event.await {
            Event::Message(Sent { frame, taken }) => {
                flow = decide(socket.handle_in(frame, &connection), &connection, inbox).await;
                // The test may have stopped to wait.
                let _ = taken.send(());
            }
            Event::Infos(infos) => {
                for info in infos {
                    if flow == Flow::Continue {
                        let handled = socket.handle_info(info, &connection);
                        flow = decide(handled, &connection, inbox).await;
                    }
                }
            }
            Event::End(reason) => break reason,
        }
        if let Flow::Stop(code) | Flow::Malformed(code) = flow {
            break stop(&connection, code);
        }
    };
    let code = connection.ending().map(|(code, _)| code);
    connection.close_mailbox(reason.clone());
    socket.terminate(reason, &connection).await;
    poll_fn(|task| {
        deliver(&connection, task, inbox);
        Poll::Ready(())
    })
    .await;
    inbox.close(code);
}

/// The socket ends the connection.
fn stop(connection: &Connection, code: CloseCode) -> Reason {
    let reason = stopped(code);
    connection.close(code, reason.clone());
    reason
}

/// Waits for a decision that takes time, and delivers meanwhile.
async fn decide(handled: Handled<'_>, connection: &Connection, inbox: &Inbox) -> Flow {
    let mut decision = pin!(handled.decide());
    poll_fn(|task| {
        let polled = decision.as_mut().poll(task);
        deliver(connection, task, inbox);
        polled
    })
    .await
}

/// Hands the client what was sent to it.
fn deliver(connection: &Connection, task: &std::task::Context<'_>, inbox: &Inbox) {
    let Poll::Ready(frames) = connection.poll_frames(task) else { return };
    for frame in frames {
        let Outgoing::Frame(frame) = frame else { continue };
        if let Some(message) = Received::read(&frame) {
            inbox.put(message);
        } else {
            log::unreadable_frame(frame.len());
        }
    }
}

struct CloseAtEnd(Arc<Inbox>);

impl Drop for CloseAtEnd {
    fn drop(&mut self) {
        self.0.close(None);
    }
}
