//! Waiting for a client that reads more slowly than others send.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::task::coop::poll_proceed;

use super::handle::Connection;

impl Connection {
    /// Waits until there is room for more: until less than half of the backlog that is allowed waits
    /// for the client, or the connection is over.
    ///
    /// Whoever sends much in pieces, and waits before each, needs no more memory than for one piece
    /// and that half, however slowly the client reads. Several may wait; all of them go on when there is
    /// room. It may be dropped at any time.
    ///
    /// ```
    /// use phx_runtime::transport::{Connection, Frame};
    ///
    /// async fn send_file(connection: &Connection, chunks: impl Iterator<Item = Vec<u8>>) {
    ///     for chunk in chunks {
    ///         connection.room().await;
    ///         connection.send(&Frame::binary(chunk));
    ///     }
    /// }
    /// # let _ = send_file(&Connection::new(100), std::iter::empty());
    /// ```
    pub fn room(&self) -> impl Future<Output = ()> + Send + use<> {
        Room { connection: self.clone(), number: None }
    }
}

/// Waits for room. Its task holds the connection, whose outbox holds the task's waker: until there is
/// room, or until [`Connection::abandon`] lets everybody go.
struct Room {
    connection: Connection,
    number: Option<u64>,
}

impl Future for Room {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<()> {
        // A client may read as fast as anybody sends: others get their turns even then.
        let turn = ready!(poll_proceed(task));
        let Self { connection, number } = &mut *self;
        let polled = connection.0.outbox().poll_room(number, task);
        if polled.is_ready() {
            turn.made_progress();
        }
        polled
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.connection.0.outbox().forget_waiter(number);
        }
    }
}
