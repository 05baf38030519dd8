//! Sessions by id, and how many there may be.

use std::{
    collections::{HashMap, hash_map::Entry},
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Weak},
};

use parking_lot::Mutex;

use super::session::Session;
use crate::log::{self, Spell};

/// What a session's token names: random, so that no two are alike and none can be guessed.
pub(crate) type SessionId = [u8; 16];

/// All sessions of an endpoint whose clients may still come back.
#[derive(Clone, Default)]
pub(crate) struct Sessions(Arc<Mutex<Registry>>);

#[derive(Default)]
struct Registry {
    by_id: HashMap<SessionId, (Arc<Session>, Seat)>,
    /// How many seats are taken. What nobody has is not in here.
    taken: HashMap<Whose, usize>,
    refused: Spell,
}

/// Whose sessions are counted together.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Whose {
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
pub(crate) struct Seat {
    /// Weak, because the registry holds the seats.
    registry: Weak<Mutex<Registry>>,
    of: [Option<Whose>; 2],
}

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
        let of = [
            Some((Whose::Mount(mount), limits.all, "max_sessions")),
            peer.map(|peer| {
                (Whose::Peer(mount, one_client(peer)), limits.per_peer, "max_sessions_per_peer")
            }),
        ];
        let mut registry = self.0.lock();
        let full = of.iter().flatten().find(|(whose, most, _)| registry.taken(whose) >= *most);
        if let Some(&(_, most, option)) = full {
            let is_news = registry.refused.begins();
            drop(registry);
            if is_news {
                log::too_many_sessions(option, most, peer);
            }
            return Err(Full);
        }
        for (whose, ..) in of.iter().flatten() {
            *registry.taken.entry(*whose).or_default() += 1;
        }
        drop(registry);
        Ok(Seat { registry: Arc::downgrade(&self.0), of: of.map(|of| of.map(|(whose, ..)| whose)) })
    }

    pub(crate) fn insert(&self, id: SessionId, session: Arc<Session>, seat: Seat) {
        let replaced = self.0.lock().by_id.insert(id, (session, seat));
        // Not under the lock.
        drop(replaced);
    }

    pub(crate) fn find(&self, id: &SessionId) -> Option<Arc<Session>> {
        self.0.lock().by_id.get(id).map(|(session, _)| session.clone())
    }

    pub(super) fn remove(&self, id: &SessionId) {
        let removed = self.0.lock().by_id.remove(id);
        // Not under the lock.
        drop(removed);
    }
}

impl Registry {
    fn taken(&self, whose: &Whose) -> usize {
        self.taken.get(whose).copied().unwrap_or(0)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some(registry) = self.registry.upgrade() else { return };
        let mut registry = registry.lock();
        for whose in self.of.into_iter().flatten() {
            if let Entry::Occupied(mut taken) = registry.taken.entry(whose) {
                *taken.get_mut() -= 1;
                if *taken.get() == 0 {
                    taken.remove();
                }
            }
        }
    }
}

/// What one client has all of: an IPv4 address, or the network of 64 bits that a client gets in
/// IPv6.
fn one_client(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address @ IpAddr::V4(_) => address,
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
        assert!(sessions.0.lock().taken.is_empty());
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
