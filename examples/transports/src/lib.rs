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

/// Waits until the process is told to end, by Ctrl-C or SIGTERM. It is listened for from the call on, so
/// call it before anybody knows of the process.
///
/// # Errors
///
/// It cannot be waited for.
pub fn told_to_end() -> io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    let (mut terminated, mut interrupted) = {
        use tokio::signal::unix::{SignalKind, signal};
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?)
    };
    #[cfg(windows)]
    let (mut terminated, mut interrupted) =
        (tokio::signal::windows::ctrl_close()?, tokio::signal::windows::ctrl_c()?);
    Ok(async move {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
        }
    })
}

/// A message in a single line. JSON has line breaks between its tokens alone, where a space is as good;
/// a client of another transport may have sent them.
fn in_one_line(message: &str) -> Cow<'_, str> {
    const BREAKS: [char; 2] = ['\n', '\r'];
    if message.contains(BREAKS) { message.replace(BREAKS, " ").into() } else { message.into() }
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::{self, Command};

    use super::told_to_end;

    #[tokio::test]
    async fn whoever_is_told_to_end_before_it_waits_for_that_ends_in_order() {
        let told = told_to_end().unwrap();
        let kill = format!("kill -TERM {}", process::id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        told.await;
    }
}
