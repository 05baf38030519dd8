//! Taking connections, and what to do while that fails.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::time::sleep;

use super::listener::{Bound, Wire};
use crate::{
    connection::{Seat, Seats, one_client},
    endpoint::ServerOptions,
    log::{self, Spell},
};

/// The first pause after the system was short of something, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(5), Duration::from_secs(1));

/// What a client gets that is one too many.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\n\
                      Content-Length: 0\r\n\r\n";

/// What a client gets that has too many connections itself.
const GREEDY: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 5\r\nConnection: close\r\n\
                        Content-Length: 0\r\n\r\n";

/// Whose connections are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Whose {
    Everybody,
    Client(IpAddr),
}

/// Makes room for connections, for all listeners of a server.
#[derive(Clone)]
pub(super) struct Admission {
    seats: Seats<Whose>,
    most: usize,
    most_per_peer: usize,
    refusing: Arc<Mutex<Spell>>,
}

/// A connection that counts, until this is dropped.
pub(super) type Place = Seat<Whose>;

impl Admission {
    pub(super) fn new(options: &ServerOptions) -> Self {
        Self {
            seats: Seats::default(),
            most: options.max_http_connections,
            most_per_peer: options.max_http_connections_per_peer,
            refusing: Arc::default(),
        }
    }

    /// Lets one in, or tells what it is answered.
    pub(super) fn admit(&self, peer: Option<SocketAddr>) -> Result<Place, &'static [u8]> {
        // Who is not limited needs no counting of addresses.
        let client = peer.filter(|_| self.most_per_peer != usize::MAX);
        let client = client.map(|peer| (Whose::Client(one_client(peer.ip())), self.most_per_peer));
        let refused = match self.seats.take([Some((Whose::Everybody, self.most)), client]) {
            Ok(place) => return Ok(place),
            Err(Whose::Everybody) => (FULL, "max_http_connections"),
            Err(Whose::Client(_)) => (GREEDY, "max_http_connections_per_peer"),
        };
        let (answer, option) = refused;
        log::http_connection_refused(option, peer, self.refusing.lock().begins());
        Err(answer)
    }
}

/// Takes the connections of one listener.
pub(super) struct Acceptor {
    bound: Bound,
    admission: Admission,
    shortage: Shortage,
}

impl Acceptor {
    pub(super) fn new(bound: Bound, admission: Admission) -> Self {
        Self { bound, admission, shortage: Shortage::default() }
    }

    pub(super) fn bound(&self) -> &Bound {
        &self.bound
    }

    /// The next connection that is let in. Loses none when dropped meanwhile.
    pub(super) async fn next(&mut self) -> (Wire, Option<SocketAddr>, Place) {
        loop {
            match self.bound.accept().await {
                Ok((mut wire, peer)) => {
                    self.shortage.is_over();
                    // Behind a balancer, the address of the client is not known yet.
                    let counted = peer.filter(|_| !self.bound.speaks.proxy_protocol);
                    match self.admission.admit(counted) {
                        Ok(place) => return (wire, peer, place),
                        Err(answer) if self.bound.speaks.is_plain() => wire.try_tell(answer),
                        Err(_) => {}
                    }
                }
                Err(error) => {
                    if let Some(pause) = self.shortage.pause(&error) {
                        sleep(pause).await;
                    }
                }
            }
        }
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
