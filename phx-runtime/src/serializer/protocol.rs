//! What a mount speaks, and which of it a client gets.

use std::{fmt, sync::Arc};

use super::{
    codec::Codec,
    contract::Serializer,
    decode_error::DecodeError,
    message::Message,
    older::{Older, Shape},
    outgoing::Outgoing,
    plugged::Plugged,
    requirement::{NoRequirement, Requirement},
    version::Version,
};
use crate::{
    log,
    message::EncodeError,
    wire::{Frame, OpCode, Text, server_frames},
};

/// One entry of a mount's `serializers`: a way to write messages, and the clients it is for.
///
/// A client states its version in the connection parameter `vsn`; the first entry whose requirement
/// takes it is used, and without one the client is refused. What states no version is `1.0.0`, unless
/// the mount speaks one of the [older protocols](Self::v0_7).
///
/// ```
/// use phx_runtime::{options::WebSocketOptions, serializer::{Protocol, Version}};
///
/// let options = WebSocketOptions::new().serializers([
///     Protocol::from(Version::V2),
///     Protocol::v1_3(),
///     Protocol::v0_7_with([("rooms", "room:")]),
/// ]);
/// # let _ = options;
/// ```
///
/// Phoenix counterpart: an entry of `:serializer`, such as `{Phoenix.Socket.V2.JSONSerializer, "~> 2.0.0"}`.
#[derive(Clone, Debug)]
pub struct Protocol {
    wanted: Wanted,
    codec: Codec,
    pub(crate) long_poll: LongPollForm,
}

/// Which clients an entry is for.
#[derive(Clone, Debug)]
enum Wanted {
    /// Those of this version.
    Version(Version),
    /// Those whose version fulfils this.
    Vsn(Result<Requirement, NoRequirement>),
    /// Those that state none: they are older than the parameter.
    Unstated,
}

/// How messages travel over long-polling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LongPollForm {
    /// As texts within an answer, since 1.4.
    Texts,
    /// As JSON values within it, from 0.16 to 1.3, and a refused message is told of.
    Values,
    /// The same from 0.11 to 0.15, when a signature went beside the token.
    SignedValues,
    /// As those, with statuses of HTTP, in 0.9 and 0.10.
    HttpStatus,
    /// As an array alone, with a cookie for the session's token, in 0.6 and 0.7.
    Cookie,
    /// The same in 0.8, where sessions were opened at the path of the mount itself.
    CookieOfMount,
}

impl LongPollForm {
    /// The form that is this number, between nodes.
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        let all = [
            Self::Texts,
            Self::Values,
            Self::SignedValues,
            Self::HttpStatus,
            Self::Cookie,
            Self::CookieOfMount,
        ];
        all.into_iter().find(|form| *form as u8 == number)
    }

    /// Whether the status is that of HTTP, and no part of the answer.
    pub(crate) const fn has_http_status(self) -> bool {
        matches!(self, Self::HttpStatus) || self.has_cookie()
    }

    /// Whether a cookie names the session, and answers are messages alone.
    pub(crate) const fn has_cookie(self) -> bool {
        matches!(self, Self::Cookie | Self::CookieOfMount)
    }

    /// Whether a signature goes beside the token.
    pub(crate) const fn has_sig(self) -> bool {
        matches!(self, Self::HttpStatus | Self::SignedValues)
    }

    /// Whether a message that is refused is answered as that.
    pub(crate) const fn tells_refusals(self) -> bool {
        !matches!(self, Self::Texts)
    }
}

/// Why a client's version was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VersionError {
    /// It is no version.
    Invalid,
    /// The mount does not speak it.
    Unsupported,
}

impl Protocol {
    /// What `serializers(..)` of an attribute lists.
    #[doc(hidden)]
    pub fn of(spoken: impl Speakable) -> Self {
        spoken.into()
    }

    /// A serializer of your own, for the clients that its [`vsn`](Serializer::vsn) names.
    ///
    /// Two values of a type without fields count as one serializer, on whatever mounts they are:
    /// a broadcast is encoded once for both. Of a type with fields, clone the `Protocol`.
    pub fn new<S: Serializer>(serializer: S) -> Self {
        let wanted = Wanted::Vsn(serializer.vsn().parse());
        let plugged = Plugged::new(log::short_name::<S>(), serializer);
        Self { wanted, codec: Codec::Plugged(Arc::new(plugged)), long_poll: LongPollForm::Texts }
    }

    /// For other clients than those that the serializer names itself, as a requirement such as
    /// `~> 3.0.0`. An invalid one refuses the endpoint when it is built.
    pub fn vsn(mut self, requirement: &str) -> Self {
        self.wanted = Wanted::Vsn(requirement.parse());
        self
    }

    /// What clients of Phoenix 1.2 and 1.3 speak, in place of [`Version::V1`]: `phx_close` and
    /// `phx_error` carry the ref of the join, by which such a client tells the channel that it has
    /// joined anew from the one that ends. Over long-polling, messages are JSON values, and a message
    /// that is refused is answered with status 401.
    pub fn v1_3() -> Self {
        let wanted = Wanted::Vsn("~> 1.0.0".parse());
        Self { wanted, ..Self::older("1.3", LongPollForm::Values, Older::plain(Shape::V1_3)) }
    }

    /// What clients of Phoenix 0.11 to 0.14 speak, for clients that state no version: objects with
    /// `topic`, `event`, `payload` and `ref`, replies with the ref in their payload, heartbeats
    /// that come back as they are. From 0.15 on it is [`Version::V1`].
    pub fn v0_14() -> Self {
        Self::older("0.14", LongPollForm::SignedValues, Older::plain(Shape::V0_14))
    }

    /// What clients of Phoenix 0.8 speak: as [`v0_10`](Self::v0_10), but for long-polling, where
    /// they open a session with a POST to the path of the mount itself, and keep it in a cookie.
    pub fn v0_8() -> Self {
        Self::older("0.8", LongPollForm::CookieOfMount, Older::plain(Shape::V0_10))
    }

    /// What clients of Phoenix 0.8 to 0.10 speak, for clients that state no version: objects with
    /// `topic`, `event` and `payload`, events `join` and `leave`, and no replies: a join is accepted
    /// or denied without a word. Over long-polling it is 0.9 and 0.10.
    pub fn v0_10() -> Self {
        Self::older("0.10", LongPollForm::HttpStatus, Older::plain(Shape::V0_10))
    }

    /// What clients of Phoenix 0.5 to 0.7 speak, for clients that state no version: as
    /// [`v0_10`](Self::v0_10), with the topic in two parts, `channel` and `topic`, and the payload in
    /// `message`. `{"channel":"rooms","topic":"lobby"}` is the topic `rooms:lobby`.
    pub fn v0_7() -> Self {
        Self::v0_7_with::<&str>([])
    }

    /// As [`v0_7`](Self::v0_7), where channels have other names today: pairs of the name that clients
    /// use and what its topics begin with now. With `("rooms", "room:")`,
    /// `{"channel":"rooms","topic":"lobby"}` is the topic `room:lobby`.
    ///
    /// Phoenix counterpart: the router of such a version, `channel "rooms", RoomChannel`.
    pub fn v0_7_with<T: Into<String>>(names: impl IntoIterator<Item = (T, T)>) -> Self {
        let names = names.into_iter().map(|(name, prefix)| (name.into(), prefix.into()));
        Self::older("0.7", LongPollForm::Cookie, Older::new(Shape::V0_7, names.collect()))
    }

    fn older(name: &'static str, long_poll: LongPollForm, serializer: Older) -> Self {
        let codec = Codec::Plugged(Arc::new(Plugged::new(name, serializer)));
        Self { wanted: Wanted::Unstated, codec, long_poll }
    }

    /// Reads one frame.
    ///
    /// # Errors
    ///
    /// It is invalid in this protocol.
    pub fn decode(&self, frame: &Frame) -> Result<Message, DecodeError> {
        self.codec.decode(frame.clone())
    }

    /// Writes one message; none if the protocol has no such messages.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn encode(&self, message: &Outgoing<'_>) -> Result<Option<Frame>, EncodeError> {
        let encoded = match &self.codec {
            Codec::Plugged(plugged) => return plugged.encode(message),
            Codec::Version(version) => version.frame(message)?,
        };
        Ok(server_frames(encoded).next().and_then(|frame| match frame.opcode {
            OpCode::Text => Text::try_from(frame.payload).ok().map(Frame::Text),
            _ => Some(Frame::Binary(frame.payload)),
        }))
    }

    pub(crate) fn codec(&self) -> &Codec {
        &self.codec
    }

    /// What is wrong with an entry.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        matches!(self.wanted, Wanted::Vsn(Err(_)))
            .then_some("for a `vsn` that is no version requirement, such as \"~> 2.0.0\"")
    }

    /// What a client with this `vsn` gets.
    pub(crate) fn negotiate<'a>(
        vsn: Option<&str>,
        offered: &'a [Self],
    ) -> Result<&'a Self, VersionError> {
        let is_unstated = |protocol: &&Self| matches!(protocol.wanted, Wanted::Unstated);
        if let (None, Some(older)) = (vsn, offered.iter().find(is_unstated)) {
            return Ok(older);
        }
        let vsn = semver::Version::parse(vsn.unwrap_or(Version::UNSTATED));
        let vsn = vsn.map_err(|_| VersionError::Invalid)?;
        let mut all = offered.iter();
        all.find(|protocol| protocol.wanted.takes(&vsn)).ok_or(VersionError::Unsupported)
    }
}

impl Wanted {
    fn takes(&self, vsn: &semver::Version) -> bool {
        match self {
            Self::Version(version) => {
                let major = if *version == Version::V1 { 1 } else { 2 };
                (vsn.major, vsn.minor) == (major, 0) && !is_before(vsn)
            }
            Self::Vsn(Ok(requirement)) => requirement.matches(vsn),
            Self::Vsn(Err(_)) | Self::Unstated => false,
        }
    }
}

/// Whether a version comes before the release that it names, of whose first one it would be.
fn is_before(vsn: &semver::Version) -> bool {
    vsn.patch == 0 && !vsn.pre.is_empty()
}

/// What clients can speak: a [`Version`], a [`Serializer`] of the application's own, or a [`Protocol`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is nothing that clients speak",
    label = "no `Serializer`",
    note = "implement `phx_runtime::serializer::Serializer` for it; phx's own are `Version::V1` and `Version::V2`, in an \
            attribute `\"1.0.0\"` and `\"2.0.0\"`"
)]
pub trait Speakable: Into<Protocol> {}

#[diagnostic::do_not_recommend]
impl<T: Into<Protocol>> Speakable for T {}

impl From<Version> for Protocol {
    fn from(version: Version) -> Self {
        Self {
            wanted: Wanted::Version(version),
            codec: Codec::Version(version),
            long_poll: LongPollForm::Texts,
        }
    }
}

impl<S: Serializer> From<S> for Protocol {
    fn from(serializer: S) -> Self {
        Self::new(serializer)
    }
}

/// For the log.
impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.codec.fmt(f)?;
        match &self.wanted {
            Wanted::Version(_) => Ok(()),
            Wanted::Vsn(Ok(requirement)) => write!(f, " ({requirement})"),
            Wanted::Vsn(Err(error)) => write!(f, " ({error})"),
            Wanted::Unstated => f.write_str(" (no version)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Protocol, Version, VersionError};

    fn both() -> [Protocol; 2] {
        [Version::V1.into(), Version::V2.into()]
    }

    fn negotiated(vsn: Option<&str>, offered: &[Protocol]) -> Result<String, VersionError> {
        Protocol::negotiate(vsn, offered).map(|protocol| protocol.codec().to_string())
    }

    #[test]
    fn full_versions_select_a_serializer_and_everything_else_is_refused() {
        use VersionError::{Invalid, Unsupported};
        for (vsn, expected) in [
            (None, Ok("1.0.0")),
            (Some("1.0.0"), Ok("1.0.0")),
            (Some("1.0.9"), Ok("1.0.0")),
            (Some("2.0.0"), Ok("2.0.0")),
            (Some("2.0.0+b"), Ok("2.0.0")),
            (Some("2.0.1-rc.1"), Ok("2.0.0")),
            (Some("2.0.0-rc.1"), Err(Unsupported)),
            (Some("2.0.0-rc.1+b"), Err(Unsupported)),
            (Some("2.1.0"), Err(Unsupported)),
            (Some("1.1.0"), Err(Unsupported)),
            (Some("123.1.1"), Err(Unsupported)),
            (Some("2.0"), Err(Invalid)),
            (Some("2"), Err(Invalid)),
            (Some(""), Err(Invalid)),
            (Some("v2.0.0"), Err(Invalid)),
            (Some(" 2.0.0"), Err(Invalid)),
            (Some("02.0.0"), Err(Invalid)),
            (Some("2.0.0.0"), Err(Invalid)),
            (Some("2.0.0+"), Err(Invalid)),
            (Some("2.0.0-"), Err(Invalid)),
            (Some("2.0.0-a..b"), Err(Invalid)),
        ] {
            assert_eq!(negotiated(vsn, &both()), expected.map(str::to_owned), "{vsn:?}");
        }
        assert_eq!(negotiated(Some("1.0.0"), &[Version::V2.into()]), Err(Unsupported));
        assert_eq!(Version::LATEST.to_string(), "2.0.0");
    }

    #[test]
    fn the_first_entry_that_takes_a_version_is_used_and_none_stated_is_an_older_protocol() {
        let mut all = vec![Protocol::v1_3(), Protocol::v0_7()];
        all.extend(both());
        for (vsn, name) in [(None, "0.7"), (Some("1.0.0"), "1.3"), (Some("2.0.0"), "2.0.0")] {
            assert_eq!(negotiated(vsn, &all), Ok(name.to_owned()), "{vsn:?}");
        }
    }
}
