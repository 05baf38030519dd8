//! When a server is told to end.

use crate::log;

/// SIGTERM, or Ctrl-C.
pub(super) async fn asked_for() {
    #[cfg(unix)]
    let terminate = async {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                terminate.recv().await;
            }
            Err(error) => {
                log::cannot_listen_for("SIGTERM", error);
                std::future::pending::<()>().await;
            }
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupted() => {}
        () = terminate => {}
    }
}

/// Ctrl-C, from now on.
pub(super) async fn interrupted() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        log::cannot_listen_for("Ctrl-C", error);
        std::future::pending::<()>().await;
    }
}
