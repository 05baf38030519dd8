//! Lines about requests for connections, and about what serves them.

use std::{fmt::Display, net::SocketAddr, time::Instant};

use serde::Serialize;

use super::{
    filter::FilterParameters,
    filtered::filtered,
    level::LogLevel,
    line::{Parameters, enabled, micros},
    shown::Shown,
};
use crate::message::{Fault, Topic};

/// The line about a request that `transport_log` asks for. Its query may hold secrets and is not
/// shown; the line about the connection has its parameters.
pub(crate) fn request(
    level: LogLevel,
    transport: &'static str,
    method: &str,
    path: &str,
    peer: Option<SocketAddr>,
) {
    line!(
        level, "REQUEST";
        method = Shown::name(method),
        path = Shown::name(path),
        transport = transport,
        peer = peer,
    );
}

/// Who asks for a connection, and for which.
#[derive(Clone, Copy)]
pub(crate) struct Asking {
    /// The socket's type.
    pub(crate) socket: &'static str,
    pub(crate) transport: &'static str,
    pub(crate) peer: Option<SocketAddr>,
}

/// The line about a connection that a socket decided on.
pub(crate) struct ConnectLine {
    level: LogLevel,
    asking: Asking,
    serializer: Shown<'static>,
    params: Parameters,
    started: Instant,
}

impl ConnectLine {
    /// None if the connection will not be logged.
    pub(crate) fn new(
        level: LogLevel,
        asking: Asking,
        serializer: impl Display,
        params: &impl Serialize,
        filter: &FilterParameters,
    ) -> Option<Self> {
        enabled(level).then(|| {
            let params = serde_json::to_string(params).unwrap_or_default();
            Self {
                level,
                asking,
                serializer: Shown::text(serializer),
                params: Parameters(filtered(&params, filter)),
                started: Instant::now(),
            }
        })
    }

    pub(crate) fn connected(self, id: Option<&Topic>) {
        line!(
            self.level, "CONNECTED";
            socket = self.asking.socket,
            id = id.map(|id| Shown::name(id)),
            transport = self.asking.transport,
            serializer = self.serializer,
            peer = self.asking.peer,
            duration_us = micros(self.started.elapsed()),
            params = self.params,
        );
    }

    pub(crate) fn refused(self, reason: impl Display) {
        line!(
            self.level, "REFUSED CONNECTION";
            socket = self.asking.socket,
            transport = self.asking.transport,
            serializer = self.serializer,
            peer = self.asking.peer,
            duration_us = micros(self.started.elapsed()),
            reason = Shown::text(reason),
            params = self.params,
        );
    }
}

/// A client sent a token to a mount that takes none. Said once, since all clients of an application
/// do the same.
pub(crate) fn auth_token_untaken(transport: &'static str, path: &str) {
    line!(
        warn, "A client sent an auth token, which nobody reads: set `auth_token` of the mount to take it";
        transport = transport, path = Shown::name(path),
    );
}

/// `connect` returned a fault or panicked. The client is told nothing of it.
pub(crate) fn connect_failed(asking: Asking, fault: impl Display) {
    line!(
        error, "connecting failed";
        socket = asking.socket,
        transport = asking.transport,
        peer = asking.peer,
        fault = Shown::text(fault),
    );
}

/// The application's way to answer a refused client failed.
pub(crate) fn error_handler_failed(fault: &Fault) {
    line!(
        error, "an error handler failed: its client is answered with status 500";
        fault = Shown::text(fault),
    );
}

/// A method of a raw socket panicked. Channels catch and log what goes wrong in their callbacks.
pub(crate) fn socket_panicked(method: &'static str, fault: &Fault) {
    line!(
        error, "a socket panicked";
        method = method, fault = Shown::text(fault),
    );
}

/// A handler of a declared socket failed, which closes its connection.
pub(crate) fn socket_failed(method: &'static str, fault: &Fault) {
    line!(
        error, "a socket failed";
        method = method, fault = Shown::text(fault),
    );
}

pub(crate) fn terminate_abandoned() {
    line!(warn, "a socket's `terminate` took too long and was abandoned");
}

pub(crate) fn invalid_version(asking: Asking, vsn: &str) {
    line!(
        warn, "Client sent invalid transport version: a full one such as 2.0.0 is expected";
        vsn = Shown::name(vsn),
        socket = asking.socket,
        transport = asking.transport,
        peer = asking.peer,
    );
}

pub(crate) fn unsupported_version(asking: Asking, vsn: &str, offered: &[impl Display]) {
    let offered = || offered.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    line!(
        warn, "Client asked for a transport version that the mount does not speak";
        vsn = Shown::name(vsn),
        offered = Shown::text(offered()),
        socket = asking.socket,
        transport = asking.transport,
        peer = asking.peer,
    );
}

/// `hint` tells why a page that seems to be our own is not.
pub(crate) fn origin_refused(
    origin: &[u8],
    path: &str,
    accepted: impl Display,
    hint: Option<&'static str>,
) {
    line!(
        error, "Could not check origin: set `check_origin` of the mount or endpoint to allow it";
        origin = Shown::header(origin), path = Shown::name(path), accepted = Shown::text(accepted),
        hint = hint,
    );
}

pub(crate) fn subprotocols_refused(offered: &str, accepted: &str, mount: &str) {
    line!(
        error, "Could not check Websocket subprotocols: set `subprotocols` of the mount to allow one";
        offered = Shown::name(offered),
        accepted = Shown::name(accepted),
        mount = Shown::name(mount),
    );
}

/// A value that Phoenix keeps in a session has no form in JSON.
#[cfg(feature = "phoenix")]
pub(crate) fn session_value_left_out(key: &str, error: impl Display) {
    line!(
        debug, "a value of Phoenix's session is left out";
        key = Shown::name(key), error = Shown::text(error),
    );
}

pub(crate) fn upgrade_failed(error: impl Display) {
    line!(debug, "an upgrade came to nothing"; error = Shown::text(error));
}

pub(crate) fn upgrade_too_slow() {
    line!(debug, "an upgrade took too long");
}

/// An option of a TCP socket could not be set; the connection goes on without it.
pub(crate) fn tcp_option_failed(option: &'static str, error: impl Display) {
    line!(debug, "cannot set an option of a TCP socket"; option = option, error = Shown::text(error));
}

/// Messages of a client cannot be handed to the node that it polls at; it learns that its session is
/// gone.
pub(crate) fn long_poll_answer_too_large() {
    line!(error, "messages for a long-polling client are larger than what nodes send each other");
}

pub(crate) fn long_poll_failed(error: impl Display) {
    line!(
        error, "cannot open a long-poll session: the system gives no random bytes";
        error = Shown::text(error),
    );
}
