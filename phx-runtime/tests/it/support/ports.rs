//! Ports for servers that are told where to listen.

use std::{
    net::{Ipv4Addr, TcpListener},
    sync::atomic::{AtomicU16, Ordering},
};

/// A port that is free and that nobody else of these tests gets. It lies below those that systems give
/// to whoever does not choose, so that it stays free until its server listens, or listens again.
pub(crate) fn free_port() -> u16 {
    const FIRST: u16 = 10_000;
    const COUNT: u16 = 20_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Other processes that run at the same time begin elsewhere.
    let own = std::process::id().wrapping_mul(101) % u32::from(COUNT);
    let own = u16::try_from(own).unwrap();
    loop {
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + (own + next % COUNT) % COUNT;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
