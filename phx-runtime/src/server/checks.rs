//! What a mount's settings have to fulfil: one that can never work is told of when the endpoint is
//! built, not by clients that are refused.

use std::sync::Arc;

use super::build_error::BuildError;
use crate::{
    connect::{
        LongPollSettings, MountSettings, OriginRule, SessionOptions, TransportSettings,
        WebSocketSettings,
    },
    connection::BacklogLimits,
    endpoint::Mounted,
    serializer::Protocol,
};

/// What is wrong with an option, and why.
type Problem = (&'static str, &'static str);

const EMPTY: &str = "zero: nothing would be let through";
const AT_ONCE: &str = "zero: every client would be turned away at once";

impl Mounted {
    /// # Errors
    ///
    /// An option has a value with which no client could be served.
    pub(super) fn check(&self) -> Result<(), BuildError> {
        let path = || self.mount.path.clone().into_owned();
        if !self.mount.path.starts_with('/') {
            return Err(BuildError::Path {
                path: path(),
                problem: "it starts with `/`".to_owned(),
            });
        }
        if self.websocket.is_none() && self.longpoll.is_none() && self.custom.is_none() {
            return Err(BuildError::NoTransport { path: path() });
        }
        for path in self.paths() {
            if let Some(problem) = path.problem() {
                return Err(BuildError::Path { path: path.to_string(), problem });
            }
        }
        let websocket = self.websocket.as_ref().map(|transport| &transport.settings);
        let longpoll = self.longpoll.as_ref().map(|transport| &transport.settings);
        let custom = self.custom.as_ref().map(|transport| &transport.settings);
        let problem = mount(&self.mount)
            .or_else(|| custom.and_then(transport))
            .or_else(|| websocket.and_then(self::websocket))
            .or_else(|| longpoll.and_then(self::longpoll));
        if let Some((option, problem)) = problem {
            return Err(BuildError::Setting { path: path(), option, problem });
        }
        if !self.backlog_limits().all(BacklogLimits::are_usable) {
            return Err(BuildError::Backlog { path: path() });
        }
        let sessions = [
            websocket.and_then(|it| it.session.as_ref()),
            longpoll.and_then(|it| it.session.as_ref()),
            custom.and_then(|it| it.session.as_ref()),
        ];
        sessions.into_iter().flatten().try_for_each(session)?;
        if websocket.is_some_and(TransportSettings::gives_session_to_any_page)
            || longpoll.is_some_and(TransportSettings::gives_session_to_any_page)
            || custom.is_some_and(TransportSettings::gives_session_to_any_page)
        {
            return Err(BuildError::UnprotectedSession { path: path() });
        }
        Ok(())
    }
}

/// # Errors
///
/// A request that belongs to one path would always be taken by another.
pub(super) fn distinct(mounts: &[Arc<Mounted>]) -> Result<(), BuildError> {
    let paths: Vec<_> = mounts.iter().flat_map(|mounted| mounted.paths()).collect();
    for (index, later) in paths.iter().enumerate() {
        if let Some(first) = paths[..index].iter().find(|first| first.covers(later)) {
            return Err(BuildError::SamePath { path: later.to_string(), first: first.to_string() });
        }
    }
    Ok(())
}

fn mount(settings: &MountSettings) -> Option<Problem> {
    let drainer = settings.drainer.as_ref();
    if settings.max_channels == 0 {
        Some(("max_channels", "zero: no channel could be joined"))
    } else if settings.max_rate.is_some_and(|rate| !rate.is_usable()) {
        Some(("max_rate", EMPTY))
    } else if settings.event_rates.iter().any(|(_, rate)| !rate.is_usable()) {
        Some(("max_event_rate", EMPTY))
    } else if drainer.is_some_and(|drainer| drainer.batch_size == 0) {
        let option = if drainer.is_some_and(|drainer| drainer.is_even) {
            "drainer.rate"
        } else {
            "drainer.batch_size"
        };
        Some((option, "zero: no connection would ever be told"))
    } else if drainer.is_some_and(|drainer| drainer.shutdown.is_zero()) {
        Some(("drainer.shutdown", "zero: `drainer(None)` closes all connections at once"))
    } else {
        None
    }
}

fn transport<T>(settings: &TransportSettings<T>) -> Option<Problem> {
    if settings.serializers.is_empty() {
        Some(("serializers", "empty: no client's version would be spoken"))
    } else if let Some(problem) = settings.serializers.iter().find_map(Protocol::problem) {
        Some(("serializers", problem))
    } else if matches!(&settings.check_origin, OriginRule::List(list) if list.is_empty()) {
        Some(("check_origin", "an empty list: no page could connect"))
    } else {
        None
    }
}

fn websocket(settings: &TransportSettings<WebSocketSettings>) -> Option<Problem> {
    let own = &settings.own;
    if own.timeout.is_some_and(|timeout| timeout.is_zero()) {
        Some(("timeout", "zero: every client would be turned away at once; `None` is no timeout"))
    } else if own.max_frame_size == 0 {
        Some(("max_frame_size", EMPTY))
    } else if let Some(problem) = backlog(*own.backlog) {
        Some(problem)
    } else {
        transport(settings)
    }
}

fn longpoll(settings: &TransportSettings<LongPollSettings>) -> Option<Problem> {
    let own = &settings.own;
    if own.window.is_zero() {
        Some(("window", AT_ONCE))
    } else if own.max_body_size == 0 {
        Some(("max_body_size", EMPTY))
    } else if let Some(problem) = backlog(own.backlog) {
        Some(problem)
    } else if own.token_age.accepts_nothing() {
        Some(("token_max_age", AT_ONCE))
    } else {
        transport(settings)
    }
}

fn backlog(limits: BacklogLimits) -> Option<Problem> {
    (limits.max == 0).then_some(("max_backlog", EMPTY))
}

fn session(session: &SessionOptions) -> Result<(), BuildError> {
    match session.problem() {
        Some(problem) => {
            Err(BuildError::SessionCookie { name: session.cookie().to_owned(), problem })
        }
        None => Ok(()),
    }
}
