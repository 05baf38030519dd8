//! Sockets that systemd listens on for the process.

use std::{io, net::TcpListener, os::unix::net::UnixListener};

use listenfd::ListenFd;

use crate::server::serve_error::ServeError;

/// A socket that was handed over.
pub(super) enum Given {
    Tcp(TcpListener),
    Unix(UnixListener),
}

pub(super) fn sockets() -> Result<Vec<Given>, ServeError> {
    let mut given = ListenFd::from_env();
    (0..given.len()).map(|index| socket(&mut given, index)).collect()
}

fn socket(given: &mut ListenFd, index: usize) -> Result<Given, ServeError> {
    if let Ok(Some(listener)) = given.take_tcp_listener(index) {
        return Ok(Given::Tcp(listener));
    }
    match given.take_unix_listener(index) {
        Ok(Some(listener)) => Ok(Given::Unix(listener)),
        Ok(None) => Err(failed(index, io::ErrorKind::NotFound.into())),
        Err(error) => Err(failed(index, error)),
    }
}

fn failed(index: usize, error: io::Error) -> ServeError {
    ServeError::listen(format_args!("systemd's socket {index}"), error)
}
