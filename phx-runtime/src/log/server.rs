//! Lines about the server as a whole: its start, what it accepts, its end.

use std::{
    fmt::Display,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use super::{level::LogLevel, shown::Shown};
use crate::message::Fault;

pub(crate) fn no_channels(mount: &str) {
    line!(
        warn, "a socket without channels is mounted: every join will be refused";
        mount = Shown::name(mount),
    );
}

pub(crate) fn random_secret() {
    line!(
        info,
        "the endpoint has no secret of its own, so tokens will not survive a restart: set `secret`"
    );
}

pub(crate) fn server_ended(error: impl Display) {
    line!(error, "the server ended by itself"; error = Shown::text(error));
}

/// A connection that speaks HTTP is one too many, as `option` says. Counted, and told once for many.
pub(crate) fn http_connection_refused(
    option: &'static str,
    peer: Option<SocketAddr>,
    is_news: bool,
) {
    refused(option);
    if is_news {
        line!(
            warn, "refusing connections: as many speak HTTP as `option` allows";
            option = option, peer = peer,
        );
    }
}

/// A client is refused, because there are as many connections as `option` allows.
pub(crate) fn connection_refused(option: &'static str, peer: Option<SocketAddr>, is_news: bool) {
    refused(option);
    if is_news {
        line!(
            warn, "refusing clients: as many connections are open as `option` allows";
            option = option, peer = peer,
        );
    }
}

/// Counts under `phx_connections_refused_total`, with the label `limit`.
fn refused(option: &'static str) {
    metrics::counter!("phx_connections_refused_total", "limit" => option).increment(1);
}

/// A request that came through a trusted proxy says in two ways whom it is from.
pub(crate) fn ambiguous_proxies(peer: Option<SocketAddr>) {
    line!(
        warn, "refusing a request with status 400: it has both `Forwarded` and `X-Forwarded-..`, and \
               only one is the proxy's; choose one with `TrustedProxies`";
        peer = peer,
    );
}

pub(crate) fn proxy_protocol_without_proxies(listener: impl Display) {
    line!(
        warn, "nobody can connect to this listener: it expects the PROXY protocol, and `trust_proxies` \
               names nobody";
        listener = Shown::text(listener),
    );
}

/// What comes before HTTP went wrong: the PROXY protocol or TLS.
pub(crate) fn connection_not_opened(peer: Option<SocketAddr>, error: impl Display) {
    line!(debug, "a connection did not get to HTTP"; peer = peer, error = Shown::text(error));
}

pub(crate) fn ended_at_once() {
    line!(warn, "the server was interrupted again: it ends without waiting for its clients");
}

pub(crate) fn task_panicked(fault: &Fault) {
    line!(error, "a task of the application panicked"; fault = Shown::text(fault));
}

pub(crate) fn tasks_cut_off(left: usize) {
    line!(warn, "some tasks of the application did not end with the server"; left = left);
}

/// As many long-poll sessions exist as an option allows: one client's, if its address is given.
pub(crate) fn too_many_sessions(option: &'static str, most: usize, peer: Option<IpAddr>) {
    let peer = peer.map(Shown::text);
    line!(
        warn, "refusing long-poll sessions with status 503: there are as many as `option` allows";
        option = option, most = most, peer = peer,
    );
}

/// One connection broke before it was taken.
pub(crate) fn not_accepted(error: impl Display) {
    line!(debug, "a connection was not accepted"; error = Shown::text(error));
}

/// The system is short of descriptors or memory.
pub(crate) fn cannot_accept(error: impl Display) {
    line!(warn, "cannot accept connections for now: trying again"; error = Shown::text(error));
}

pub(crate) fn requests_cut_off() {
    line!(warn, "some requests did not end in time");
}

/// A client that breaks off is not worth a line at a higher level.
pub(crate) fn http_connection_broke(peer: Option<SocketAddr>, error: impl Display) {
    line!(debug, "an HTTP connection broke"; peer = peer, error = Shown::text(error));
}

pub(crate) fn slow_request(peer: Option<SocketAddr>) {
    line!(debug, "closing a connection: its request takes too long"; peer = peer);
}

pub(crate) fn unread_answer(peer: Option<SocketAddr>) {
    line!(debug, "closing a connection: it does not read its answer"; peer = peer);
}

/// A route of the application, which is answered with status 500.
pub(crate) fn route_panicked(method: &str, path: &str, peer: Option<SocketAddr>, fault: &Fault) {
    line!(
        error, "a route panicked";
        method = Shown::name(method), path = Shown::name(path), peer = peer,
        fault = Shown::text(fault),
    );
}

pub(crate) fn cannot_listen_for(signal: &'static str, error: impl Display) {
    line!(
        warn, "cannot listen for a signal, which will end the process without draining";
        signal = signal, error = Shown::text(error),
    );
}

/// The lines about connections that are told to go elsewhere, batch by batch.
pub(crate) struct DrainLine<'a> {
    pub(crate) level: LogLevel,
    pub(crate) socket: &'static str,
    pub(crate) mount: &'a str,
    /// Connections.
    pub(crate) total: usize,
    /// Batches.
    pub(crate) rounds: usize,
    pub(crate) interval: Duration,
}

impl DrainLine<'_> {
    /// The next batch, counted from 1, has so many connections.
    pub(crate) fn batch(&self, round: usize, count: usize) {
        line!(
            self.level, "DRAINING";
            socket = self.socket,
            mount = Shown::name(self.mount),
            count = count,
            total = self.total,
            round = round,
            rounds = self.rounds,
            interval_ms = u64::try_from(self.interval.as_millis()).unwrap_or(u64::MAX),
        );
    }
}

pub(crate) fn draining_too_slow(mount: &str) {
    line!(
        warn, "draining took longer than the drainer's `shutdown`: all connections are closed";
        mount = Shown::name(mount),
    );
}

pub(crate) fn connections_cut_off(left: usize) {
    line!(warn, "some connections did not end in time"; left = left);
}
