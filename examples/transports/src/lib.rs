//! Three transports that are no part of phx: lines over TCP, server-sent events with POST, and WebSocket
//! under axum. They use what `phx-runtime` makes public and nothing else of it.

pub mod axum_websocket;
pub mod events;
pub mod lines;
pub mod room;

use std::{borrow::Cow, env, io, net::SocketAddr};

/// Where an example listens: `HOST` and `PORT` of the environment, else 127.0.0.1:4000.
///
/// # Errors
///
/// One of the two is none.
pub fn address() -> Result<SocketAddr, Box<dyn std::error::Error>> {
    let host = env::var("HOST").unwrap_or_else(|_| "127.0.0.1".to_owned());
    let port = env::var("PORT").unwrap_or_else(|_| "4000".to_owned());
    let host = host.parse().map_err(|error| format!("HOST {host:?}: {error}"))?;
    let port = port.parse().map_err(|error| format!("PORT {port:?}: {error}"))?;
    Ok(SocketAddr::new(host, port))
}

/// Waits until the process is told to end, by Ctrl-C or SIGTERM.
///
/// # Errors
///
/// It cannot be waited for.
pub async fn told_to_end() -> io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminated = signal(SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted,
            _ = terminated.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

/// A message in a single line. JSON has line breaks between its tokens alone, where a space is as good;
/// a client of another transport may have sent them.
fn in_one_line(message: &str) -> Cow<'_, str> {
    const BREAKS: [char; 2] = ['\n', '\r'];
    if message.contains(BREAKS) { message.replace(BREAKS, " ").into() } else { message.into() }
}
