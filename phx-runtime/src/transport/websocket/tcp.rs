//! The reading half of a TCP socket, of which the end can be seen before all that came earlier is
//! read.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, Waker, ready},
};

use tokio::{
    io::{AsyncRead, ReadBuf},
    net::tcp::OwnedReadHalf,
    sync::oneshot,
};

/// One of the two is there: the half, or the watch that it is lent to.
pub(crate) struct TcpReader {
    half: Option<OwnedReadHalf>,
    watch: Option<Box<Watch>>,
}

struct Watch {
    /// Ends with the stream, or when it is told to stop.
    ended: Pin<Box<dyn Future<Output = OwnedReadHalf> + Send>>,
    stop: oneshot::Sender<()>,
}

impl TcpReader {
    pub(super) fn new(half: OwnedReadHalf) -> Self {
        Self { half: Some(half), watch: None }
    }

    pub(super) fn poll_read(
        &mut self,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.unwatch();
        match &mut self.half {
            Some(half) => Pin::new(half).poll_read(task, buffer),
            None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    /// Waits until the other end has closed or reset the stream; nothing is read meanwhile. Where
    /// the system does not tell, it waits for ever.
    pub(super) fn poll_end(&mut self, task: &mut Context<'_>) -> Poll<()> {
        if let Some(half) = self.half.take() {
            self.watch = Some(Box::new(Watch::new(half)));
        }
        let Some(watch) = &mut self.watch else { return Poll::Ready(()) };
        let half = ready!(watch.ended.as_mut().poll(task));
        self.half = Some(half);
        self.watch = None;
        Poll::Ready(())
    }

    fn unwatch(&mut self) {
        if let Some(mut watch) = self.watch.take() {
            // It gives the half back as soon as it is asked to, without anything to wait for.
            drop(watch.stop);
            let given = watch.ended.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            if let Poll::Ready(half) = given {
                self.half = Some(half);
            }
        }
    }
}

impl Watch {
    fn new(half: OwnedReadHalf) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        // Without the task's budget, so that stopping never has to wait for a turn.
        let ended = tokio::task::coop::unconstrained(async move {
            tokio::select! {
                biased;
                _ = stopped => {}
                () = end(&half) => {}
            }
            half
        });
        Self { ended: Box::pin(ended), stop }
    }
}

/// Bytes that wait to be read are of no interest here: the socket is asked for urgent ones, which
/// nobody sends, and then tells of the end as well.
#[cfg(any(target_os = "linux", target_os = "android"))]
async fn end(half: &OwnedReadHalf) {
    // An error is an end too.
    let _ = half.ready(tokio::io::Interest::PRIORITY).await;
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
async fn end(_: &OwnedReadHalf) {
    std::future::pending().await
}
