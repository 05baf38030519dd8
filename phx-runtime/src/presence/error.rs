//! Why presences are not tracked or updated.

use thiserror::Error;

use super::meta::MetaError;
use crate::message::Topic;

/// A key that [`Presence::track`](crate::Presence::track) does not track.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrackError {
    /// The channel tracks the key already; its meta is changed with
    /// [`Presence::update`](crate::Presence::update).
    #[error("already_tracked: the channel tracks the key {key:?} in {topic:?} already")]
    AlreadyTracked {
        /// The channel's topic.
        topic: Topic,
        /// The key.
        key: String,
    },
    /// The channel tracks as many keys as it may; see
    /// [`PresenceOptions::max_keys`](super::PresenceOptions::max_keys).
    #[error("the channel tracks {most} keys in {topic:?}, and may not track more")]
    TooManyKeys {
        /// The channel's topic.
        topic: Topic,
        /// How many it may track.
        most: usize,
    },
    /// The channel has ended, so there is nobody to be present.
    #[error("the channel has ended")]
    ChannelEnded,
    /// The presence serves another endpoint: changes would not reach this one's subscribers.
    #[error("the presence is in use by another endpoint")]
    OtherEndpoint,
    /// The meta cannot be used.
    #[error(transparent)]
    Meta(#[from] MetaError),
}

impl TrackError {
    /// A word for it in metrics and logs, such as `already_tracked`; of a meta that cannot be used, that
    /// of [`MetaError::kind`].
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::AlreadyTracked { .. } => "already_tracked",
            Self::TooManyKeys { .. } => "too_many_keys",
            Self::ChannelEnded => "channel_ended",
            Self::OtherEndpoint => "other_endpoint",
            Self::Meta(error) => error.kind(),
        }
    }
}

/// A meta that [`Presence::update`](crate::Presence::update) does not update.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// The channel does not track the key.
    #[error("nopresence: the channel does not track the key {key:?} in {topic:?}")]
    NotTracked {
        /// The channel's topic.
        topic: Topic,
        /// The key.
        key: String,
    },
    /// The old meta cannot be decoded as what the change takes, or the new one cannot be used.
    #[error(transparent)]
    Meta(#[from] MetaError),
}

impl UpdateError {
    /// A word for it in metrics and logs: `not_tracked`, or that of [`MetaError::kind`].
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::NotTracked { .. } => "not_tracked",
            Self::Meta(error) => error.kind(),
        }
    }
}
