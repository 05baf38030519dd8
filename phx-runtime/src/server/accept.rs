//! Taking connections, and what to do while that fails.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::sleep,
};

use crate::log::{self, Spell};

/// The first pause after the system was short of something, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(5), Duration::from_secs(1));

/// What a client gets that is one too many.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\n\
                      Content-Length: 0\r\n\r\n";

/// Takes connections, up to a limit of how many there are at a time.
pub(super) struct Acceptor {
    listener: TcpListener,
    places: Arc<Semaphore>,
    shortage: Shortage,
    full: Spell,
}

/// A connection that was let in.
pub(super) struct Accepted {
    pub(super) stream: TcpStream,
    pub(super) peer: SocketAddr,
    /// To be held for as long as it counts.
    pub(super) place: OwnedSemaphorePermit,
}

impl Acceptor {
    pub(super) fn new(listener: TcpListener, most: usize) -> Self {
        Self {
            listener,
            places: Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))),
            shortage: Shortage::default(),
            full: Spell::default(),
        }
    }

    /// The next connection. Loses none when dropped meanwhile.
    pub(super) async fn next(&mut self) -> Accepted {
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    self.shortage.is_over();
                    if let Ok(place) = self.places.clone().try_acquire_owned() {
                        return Accepted { stream, peer, place };
                    }
                    self.refuse(&stream);
                }
                Err(error) => {
                    if let Some(pause) = self.shortage.pause(&error) {
                        sleep(pause).await;
                    }
                }
            }
        }
    }

    fn refuse(&mut self, stream: &TcpStream) {
        if self.full.begins() {
            log::too_many_http_connections();
        }
        // Whether the client gets to see it is not worth waiting for.
        let _ = stream.try_write(FULL);
    }
}

/// The system is short of descriptors or memory, so that no connection can be taken.
#[derive(Default)]
struct Shortage {
    last_pause: Duration,
    spell: Spell,
}

impl Shortage {
    /// How long to wait after an error. Other errors are those of one connection, which is out of
    /// the queue by then: the next one may be all right.
    fn pause(&mut self, error: &io::Error) -> Option<Duration> {
        if !is_shortage(error) {
            log::not_accepted(error);
            return None;
        }
        if self.spell.begins() {
            log::cannot_accept(error);
        }
        let (first, longest) = PAUSES;
        self.last_pause = (self.last_pause * 2).clamp(first, longest);
        Some(self.last_pause)
    }

    fn is_over(&mut self) {
        self.last_pause = Duration::ZERO;
    }
}

/// The codes of `EMFILE`, `ENFILE`, `ENOMEM` and `ENOBUFS`, which have no kinds of their own.
const SHORTAGES: [i32; 4] = if cfg!(windows) {
    [10_024, 10_024, 8, 10_055]
} else {
    [24, 23, 12, if cfg!(any(target_os = "linux", target_os = "android")) { 105 } else { 55 }]
};

fn is_shortage(error: &io::Error) -> bool {
    error.raw_os_error().is_some_and(|code| SHORTAGES.contains(&code))
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::{PAUSES, SHORTAGES, Shortage};

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_while_the_system_is_short_and_begin_anew_after_it() {
        let mut shortage = Shortage::default();
        let mut last = None;
        for code in SHORTAGES.into_iter().cycle().take(100) {
            let pause = shortage.pause(&io::Error::from_raw_os_error(code));
            assert!(pause > last || pause == Some(PAUSES.1), "{last:?} {pause:?}");
            last = pause;
        }
        assert_eq!(last, Some(PAUSES.1));
        shortage.is_over();
        let again = shortage.pause(&io::Error::from_raw_os_error(SHORTAGES[0]));
        assert_eq!(again, Some(PAUSES.0));
    }

    #[tokio::test(start_paused = true)]
    async fn the_error_of_one_connection_holds_up_no_other() {
        let mut shortage = Shortage::default();
        for kind in [
            io::ErrorKind::ConnectionAborted,
            io::ErrorKind::ConnectionReset,
            io::ErrorKind::Interrupted,
            io::ErrorKind::NetworkDown,
            io::ErrorKind::PermissionDenied,
        ] {
            assert_eq!(shortage.pause(&kind.into()), None);
        }
    }
}
