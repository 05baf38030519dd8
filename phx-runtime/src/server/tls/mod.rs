//! TLS, by rustls.
//!
//! - [`TlsOptions`] says where certificate and key are and what is asked of clients.
//! - [`Tls`] is what was made of it, shared by listeners; it can be read anew while they serve.
//! - [`handshake`] is a client's first second, and the stream what it has from then on.

mod config;
mod error;
mod handshake;
mod options;
mod stream;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

use parking_lot::Mutex;
use rustls::ServerConfig;

pub(super) use self::handshake::handshake;
pub use self::{
    error::{TlsError, TlsErrorKind},
    options::{TlsOptions, TlsVersion},
};

/// Certificate, key and settings of a listener that speaks TLS; given to
/// [`Listener::tls`](crate::server::Listener::tls). Cheap to clone.
#[derive(Clone)]
pub struct Tls(Arc<Shared>);

struct Shared {
    options: TlsOptions,
    sessions: config::Sessions,
    config: Mutex<Arc<ServerConfig>>,
}

impl TlsOptions {
    /// Reads certificate and key.
    ///
    /// # Errors
    ///
    /// They cannot be read, or do not fit together.
    pub fn build(self) -> Result<Tls, TlsError> {
        let sessions = config::Sessions::new()?;
        let config = config::server(&self, &sessions)?;
        Ok(Tls(Arc::new(Shared { options: self, sessions, config: Mutex::new(config) })))
    }
}

impl Tls {
    /// Reads the files anew, for handshakes from now on. Connections that are open stay open, and
    /// clients can still resume their sessions.
    ///
    /// ```no_run
    /// # fn run(endpoint: phx_runtime::Endpoint, tls: phx_runtime::server::Tls) {
    /// # use std::time::Duration;
    /// // Certificates that somebody else renews are looked at every hour.
    /// tokio::spawn(async move {
    ///     loop {
    ///         tokio::time::sleep(Duration::from_secs(3600)).await;
    ///         if let Err(error) = tls.reload() {
    ///             eprintln!("the old certificate stays: {error}");
    ///         }
    ///     }
    /// });
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// What is there now cannot be used; what was read before stays.
    pub fn reload(&self) -> Result<(), TlsError> {
        let config = config::server(&self.0.options, &self.0.sessions)?;
        *self.0.config.lock() = config;
        Ok(())
    }

    fn config(&self) -> Arc<ServerConfig> {
        self.0.config.lock().clone()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tls").field(&self.0.options).finish()
    }
}
