//! WebSocket as a transport: frames of one stream become messages, and what waits is written to it.

use std::{
    io,
    net::SocketAddr,
    task::{Context, Poll, ready},
    time::Duration,
};

use super::io::{Io, READ_SIZE};
use crate::{
    connection::Connection,
    message::Reason,
    transport::{Received, Transport},
    wire::{ClientClose, Control, Decoder, Incoming},
};

/// A stream that speaks WebSocket.
pub(crate) struct WebSocket {
    io: Io,
    decoder: Decoder,
    timeout: Option<Duration>,
    /// Whether the client closed, and has its answer.
    is_answered: bool,
    /// Whether all was written, up to the close frame.
    is_shut_down: bool,
}

impl WebSocket {
    /// The connection is closed after `timeout` without a sign of life.
    pub(crate) fn new(io: Io, decoder: Decoder, timeout: Option<Duration>) -> Self {
        Self { io, decoder, timeout, is_answered: false, is_shut_down: false }
    }

    /// Reads once.
    fn poll_read(&mut self, task: &mut Context<'_>) -> Poll<Received> {
        loop {
            match self.io.poll_read(task, &mut self.decoder) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Received::Lost),
                Poll::Ready(Ok(read)) => return Poll::Ready(Received::Bytes(read)),
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Poll::Ready(Err(_)) => return Poll::Ready(Received::Lost),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// The next of the messages that were read.
    fn decode(&mut self, connection: &Connection) -> Option<Received> {
        let incoming = match self.decoder.decode() {
            Ok(incoming) => incoming?,
            Err(error) => {
                let (code, why) = (error.close_code(), error.to_string().into());
                return Some(Received::Invalid { code, why });
            }
        };
        Some(match incoming {
            Incoming::Message(frame) => Received::Message(frame),
            Incoming::Ping(payload) => {
                connection.pong(&payload);
                Received::Control(Control::Ping(payload))
            }
            Incoming::Pong(payload) => Received::Control(Control::Pong(payload)),
            Incoming::Close(close) => self.closed(close, connection),
        })
    }

    /// The client closes, and is answered.
    fn closed(&mut self, close: Option<ClientClose>, connection: &Connection) -> Received {
        let (code, text) = close.map(|close| (close.code, close.reason)).unzip();
        connection.close_saying(code, "", Reason::Closed);
        self.is_answered = true;
        Received::Closed { code, text: text.unwrap_or_default() }
    }
}

impl Transport for WebSocket {
    fn received(&mut self, connection: &Connection) -> Option<Received> {
        if self.decoder.is_empty() { None } else { self.decode(connection) }
    }

    fn poll_receive(&mut self, task: &mut Context<'_>, _: &Connection) -> Poll<Received> {
        self.poll_read(task)
    }

    fn poll_send(
        &mut self,
        task: &mut Context<'_>,
        connection: &Connection,
    ) -> Poll<io::Result<()>> {
        self.io.poll_flush(task, connection)
    }

    /// A little is read ahead: it is a sign of life, and may hold a close frame. Behind more than
    /// that, the end is seen where the system tells of it.
    fn poll_gone(&mut self, task: &mut Context<'_>, connection: &Connection) -> Poll<Received> {
        if self.decoder.skip_to_close() {
            let close = self.decode(connection);
            return Poll::Ready(close.unwrap_or_else(|| self.closed(None, connection)));
        }
        if self.decoder.unread() < READ_SIZE {
            return self.poll_read(task);
        }
        self.io.poll_end(task).map(|()| Received::Lost)
    }

    /// Then waits for the client's part of the closing handshake, so that the last frames are not lost
    /// to a reset.
    fn poll_close(&mut self, task: &mut Context<'_>, connection: &Connection) -> Poll<()> {
        if !self.is_shut_down {
            match self.io.poll_flush(task, connection) {
                Poll::Ready(Ok(())) => {
                    let _ = self.io.poll_shutdown(task, connection);
                    self.is_shut_down = true;
                }
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Pending => {}
            }
        }
        if self.is_shut_down && self.is_answered {
            return Poll::Ready(());
        }
        // What still comes is thrown away, until the client closes its side too.
        loop {
            let mut rest = Decoder::new(0);
            match ready!(self.io.poll_read(task, &mut rest)) {
                Ok(0) | Err(_) => return Poll::Ready(()),
                Ok(_) => {
                    let is_close = matches!(rest.decode(), Ok(Some(Incoming::Close(_))));
                    if self.is_shut_down && is_close {
                        return Poll::Ready(());
                    }
                }
            }
        }
    }

    fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    fn peer(&self, connection: &Connection) -> Option<SocketAddr> {
        connection.peer()
    }
}
