//! Channels that nobody can talk to, as modules.

use phx_runtime::channel;

/// Nobody may join.
#[channel("reject:*")]
pub(crate) mod reject {
    use phx_runtime::JoinError;

    #[assigns]
    pub(crate) struct RejectChannel;

    #[join]
    async fn join() -> Result<RejectChannel, JoinError> {
        Err(JoinError::new("unauthorized"))
    }
}

/// Joining fails.
#[channel("crash:*")]
pub(crate) mod crash {
    use phx_runtime::JoinError;

    #[assigns]
    pub(crate) struct CrashChannel;

    #[join]
    async fn join() -> Result<CrashChannel, JoinError> {
        panic!("told to fail");
    }
}

/// No event has a handler.
#[channel("nohandlers:*")]
pub(crate) mod no_handlers {
    use phx_runtime::JoinError;

    #[assigns]
    pub(crate) struct NoHandlersChannel;

    #[join]
    async fn join() -> Result<NoHandlersChannel, JoinError> {
        Ok(NoHandlersChannel)
    }
}
