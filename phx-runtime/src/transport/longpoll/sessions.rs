//! Sessions by id, and how many there may be.

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use parking_lot::Mutex;

use super::session::Session;
use crate::{
    connection::{self, Seats, one_client},
    log::{self, Spell},
};

/// What a session's token names: random, so that no two are alike and none can be guessed.
pub(crate) type SessionId = [u8; 16];

/// All sessions of an endpoint whose clients may still come back.
#[derive(Clone, Default)]
pub(crate) struct Sessions {
    registry: Arc<Mutex<Registry>>,
    seats: Seats<Whose>,
}

#[derive(Default)]
struct Registry {
    by_id: HashMap<SessionId, (Arc<Session>, Seat)>,
    refused: Spell,
}

/// Whose sessions are counted together.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Whose {
    /// All of a mount, by its number.
    Mount(usize),
    /// Those of a mount that one client may have opened.
    Peer(usize, IpAddr),
}

/// How many sessions a mount may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SessionLimits {
    pub(crate) all: usize,
    pub(crate) per_peer: usize,
}

/// A session that is counted, for as long as this exists.
pub(crate) type Seat = connection::Seat<Whose>;

/// There are as many sessions as are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Sessions {
    /// Makes room for a session of a mount. To be asked before its socket is.
    ///
    /// A client whose address is not known counts for the mount alone.
    pub(crate) fn admit(
        &self,
        mount: usize,
        peer: Option<IpAddr>,
        limits: SessionLimits,
    ) -> Result<Seat, Full> {
        let client = peer.map(|peer| (Whose::Peer(mount, one_client(peer)), limits.per_peer));
        let seat = self.seats.take([Some((Whose::Mount(mount), limits.all)), client]);
        seat.map_err(|full| {
            let (option, most) = match full {
                Whose::Mount(_) => ("max_sessions", limits.all),
                Whose::Peer(..) => ("max_sessions_per_peer", limits.per_peer),
            };
            let is_news = self.registry.lock().refused.begins();
            if is_news {
                log::too_many_sessions(option, most, peer);
            }
            Full
        })
    }

    pub(crate) fn insert(&self, id: SessionId, session: Arc<Session>, seat: Seat) {
        let replaced = self.registry.lock().by_id.insert(id, (session, seat));
        // Not under the lock.
        drop(replaced);
    }

    pub(crate) fn find(&self, id: &SessionId) -> Option<Arc<Session>> {
        self.registry.lock().by_id.get(id).map(|(session, _)| session.clone())
    }

    /// The session whose client holds this token; for clients of the test kit.
    pub(crate) fn with_token(&self, token: &str) -> Option<Arc<Session>> {
        let registry = self.registry.lock();
        let mut sessions = registry.by_id.values().map(|(session, _)| session);
        sessions.find(|session| session.has_token(token)).cloned()
    }

    pub(super) fn remove(&self, id: &SessionId) {
        let removed = self.registry.lock().by_id.remove(id);
        // Not under the lock.
        drop(removed);
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::{Full, SessionLimits, Sessions};

    const LIMITS: SessionLimits = SessionLimits { all: 3, per_peer: 2 };

    fn peer(address: &str) -> IpAddr {
        address.parse().unwrap()
    }

    #[test]
    fn a_client_has_its_share_and_the_mount_its_limit() {
        let sessions = Sessions::default();
        let admit = |mount, peer| sessions.admit(mount, Some(peer), LIMITS);
        let unknown = || sessions.admit(0, None, LIMITS);
        let first = admit(0, peer("10.0.0.1")).unwrap();
        let second = admit(0, peer("10.0.0.1")).unwrap();
        assert_eq!(admit(0, peer("10.0.0.1")).err(), Some(Full));
        assert_eq!(admit(0, peer("::ffff:10.0.0.1")).err(), Some(Full));
        let other = admit(0, peer("10.0.0.2")).unwrap();
        assert_eq!(admit(0, peer("10.0.0.3")).err(), Some(Full));
        assert_eq!(unknown().err(), Some(Full));
        let elsewhere = admit(1, peer("10.0.0.1")).unwrap();
        drop((first, second));
        let others = (unknown().unwrap(), unknown().unwrap());
        assert_eq!(unknown().err(), Some(Full));
        drop((other, elsewhere, others));
        assert!(sessions.seats.is_empty());
    }

    #[test]
    fn a_network_of_ipv6_is_one_client() {
        let sessions = Sessions::default();
        let admit = |peer| sessions.admit(0, Some(peer), LIMITS);
        let _seats = (admit(peer("2001:db8::1")).unwrap(), admit(peer("2001:db8::2:3")).unwrap());
        assert_eq!(admit(peer("2001:db8::ffff:0:0:1")).err(), Some(Full));
        assert!(admit(peer("2001:db8:0:1::1")).is_ok());
    }
}
