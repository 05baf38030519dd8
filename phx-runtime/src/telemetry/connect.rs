//! Lines about requests for connections.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use http::Method;

use super::{Shown, TARGET, Took, enabled, filter_of, filtered};
use crate::{
    channel::LogLevel,
    endpoint::Endpoint,
    error::Fault,
    serializer::{Version, VersionError},
    transport::{
        ConnectError, Params, TransportKind, settings::MountSettings,
        subprotocols::NoCommonSubprotocol,
    },
};

/// The line about a request that `transport_log` asks for. Its query may hold secrets and is not
/// shown; the line about the connection has its parameters.
pub(crate) fn request(
    level: LogLevel,
    transport: TransportKind,
    method: &Method,
    path: &str,
    peer: Option<SocketAddr>,
) {
    let path = Shown::name(path);
    let method = Shown::name(method.as_str());
    let (path, method) = (path.as_str(), method.as_str());
    log!(
        level,
        method,
        path,
        transport = transport.as_str(),
        peer = peer.map(tracing::field::display),
        "{method} {path}"
    );
}

/// The line about a connection that a socket decided on.
pub(crate) struct Connect {
    socket: &'static str,
    transport: TransportKind,
    version: Version,
    started: Instant,
    /// What the log shows of the parameters, unless it shows nothing.
    shown: Option<(LogLevel, String)>,
}

impl Connect {
    pub(crate) fn new(
        socket: &'static str,
        mount: &MountSettings,
        endpoint: &Endpoint,
        transport: TransportKind,
        version: Version,
        params: &Params,
    ) -> Self {
        let shown = enabled(mount.log).then(|| {
            let json = serde_json::to_string(params).unwrap_or_default();
            (mount.log, filtered(&json, filter_of(None, mount, endpoint)))
        });
        Self { socket, transport, version, started: Instant::now(), shown }
    }

    pub(crate) fn decided(self, refused: Option<&ConnectError>) {
        let Self { socket, transport, version, started, shown } = self;
        if let Some(error) = refused.filter(|error| error.is_fault()) {
            return connect_failed(socket, transport, error);
        }
        let Some((level, params)) = shown else { return };
        let took = Took(started.elapsed());
        let (transport, duration_us) = (transport.as_str(), took.micros());
        match refused {
            None => log!(
                level, socket, transport, serializer = %version, duration_us, params,
                "CONNECTED TO {socket} in {took}\n  Transport: {transport}\n  \
                 Serializer: {version}\n  Parameters: {params}"
            ),
            Some(error) => log!(
                level, socket, transport, serializer = %version, duration_us, params,
                reason = Shown::text(error).as_str(),
                "REFUSED CONNECTION TO {socket} in {took}\n  Transport: {transport}\n  \
                 Serializer: {version}\n  Parameters: {params}"
            ),
        }
    }
}

/// The lines about connections that are told to go elsewhere, batch by batch.
pub(crate) struct Draining<'a> {
    pub(crate) level: LogLevel,
    pub(crate) socket: &'static str,
    pub(crate) mount: &'a str,
    /// Connections.
    pub(crate) total: usize,
    /// Batches.
    pub(crate) rounds: usize,
    pub(crate) interval: Duration,
}

impl Draining<'_> {
    /// The next batch, counted from 1, has so many connections.
    pub(crate) fn batch(&self, round: usize, count: usize) {
        let Self { level, socket, mount, total, rounds, interval } = *self;
        let interval_ms = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX);
        log!(
            level,
            socket,
            mount,
            count,
            total,
            round,
            rounds,
            interval_ms,
            "DRAINING {count} of {total} total connection(s) for socket {socket} every \
             {interval_ms}ms - round {round} of {rounds}"
        );
    }
}

/// `connect` returned a fault or panicked. The client is told nothing of it.
pub(crate) fn connect_failed(socket: &'static str, transport: TransportKind, error: &ConnectError) {
    tracing::error!(
        target: TARGET, socket, transport = transport.as_str(), error = Shown::text(error).as_str(),
        "connecting to {socket} failed"
    );
}

/// The application's way to answer a refused client failed.
pub(crate) fn error_handler_failed(fault: &Fault) {
    tracing::error!(target: TARGET, fault = Shown::text(fault).as_str(), "an error handler failed");
}

/// A method of a raw socket panicked. Channels catch and log what goes wrong in their callbacks.
pub(crate) fn socket_panicked(method: &'static str, fault: &Fault) {
    tracing::error!(target: TARGET, method, fault = Shown::text(fault).as_str(), "a socket panicked");
}

pub(crate) fn version_refused(
    socket: &'static str,
    vsn: &str,
    error: VersionError,
    offered: &[Version],
) {
    let vsn = Shown::name(vsn);
    let vsn = vsn.as_str();
    match error {
        VersionError::Invalid => tracing::warn!(
            target: TARGET, socket, vsn,
            "Client sent invalid transport version \"{vsn}\" to {socket}: a full version such as \
             \"2.0.0\" is expected"
        ),
        VersionError::Unsupported => {
            let offered = offered.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            tracing::warn!(
                target: TARGET, socket, vsn, offered,
                "Client asked for transport version \"{vsn}\", and {socket} speaks {offered}"
            );
        }
    }
}

pub(crate) fn origin_refused(origin: &[u8], path: &str) {
    let (origin, path) = (Shown::header(origin), Shown::name(path));
    tracing::error!(
        target: TARGET, origin = origin.as_str(), path = path.as_str(),
        "Could not check origin for a connection\nOrigin of the request: {origin}\n\
         Set `check_origin` of the mount or of the endpoint to allow it."
    );
}

pub(crate) fn subprotocols_refused(error: &NoCommonSubprotocol, mount: &MountSettings) {
    let NoCommonSubprotocol { offered, accepted } = error;
    let offered = Shown::name(offered);
    tracing::error!(
        target: TARGET, offered = offered.as_str(), accepted, mount = &*mount.path,
        "Could not check Websocket subprotocols of a connection\nThe client offers: {offered}\n\
         The server accepts: {accepted}\nSet `subprotocols` of the mount to allow one of them."
    );
}
