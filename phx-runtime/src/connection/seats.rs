//! How many there may be of something, in all and of one client.

use std::{
    collections::HashMap,
    fmt,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Weak},
};

use parking_lot::Mutex;

/// Counts, by whom they belong to. What nobody has is not in here.
pub(crate) struct Seats<K>(Arc<Mutex<HashMap<K, usize>>>);

/// Something that is counted, for as long as this exists. Weak, because what holds the counts may
/// hold the seats.
pub(crate) struct Seat<K: Eq + Hash> {
    counts: Weak<Mutex<HashMap<K, usize>>>,
    of: [Option<K>; 2],
}

impl<K: Copy + Eq + Hash> Seats<K> {
    /// Takes a seat that counts for all of `wanted`, each with how many there may be.
    ///
    /// # Errors
    ///
    /// The first of which there are as many.
    pub(crate) fn take(&self, wanted: [Option<(K, usize)>; 2]) -> Result<Seat<K>, K> {
        let mut counts = self.0.lock();
        let taken = |whose: &K| counts.get(whose).copied().unwrap_or(0);
        if let Some((full, _)) = wanted.iter().flatten().find(|(whose, most)| taken(whose) >= *most)
        {
            return Err(*full);
        }
        for (whose, _) in wanted.iter().flatten() {
            *counts.entry(*whose).or_default() += 1;
        }
        let of = wanted.map(|wanted| wanted.map(|(whose, _)| whose));
        Ok(Seat { counts: Arc::downgrade(&self.0), of })
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.lock().is_empty()
    }
}

impl<K: Eq + Hash> Drop for Seat<K> {
    fn drop(&mut self) {
        let Some(counts) = self.counts.upgrade() else { return };
        let mut counts = counts.lock();
        for whose in self.of.iter().flatten() {
            if let Some(count) = counts.get_mut(whose) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(whose);
                }
            }
        }
    }
}

impl<K> Clone for Seats<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K> Default for Seats<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Eq + Hash> fmt::Debug for Seat<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seat")
    }
}

/// What one client has all of: an IPv4 address, or the network of 64 bits that a client gets in
/// IPv6.
pub(crate) fn one_client(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}
