//! Which protocol version a client speaks.

use std::fmt;

/// Why a client's version was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VersionError {
    /// It is no version.
    Invalid,
    /// The mount does not speak it.
    Unsupported,
}

/// A version of the channels protocol.
///
/// Phoenix counterpart: the `:serializer` list of a transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// `1.0.x`: messages are JSON objects.
    V1,
    /// `2.0.x`: messages are JSON arrays, and there are binary messages.
    V2,
}

impl Version {
    /// The version for the connection parameter `vsn`, which is a full semantic version.
    pub(crate) fn negotiate(vsn: Option<&str>, offered: &[Self]) -> Result<Self, VersionError> {
        let vsn = vsn.unwrap_or(Self::UNSTATED);
        let version = match parse(vsn).ok_or(VersionError::Invalid)? {
            (1, 0) => Self::V1,
            (2, 0) => Self::V2,
            _ => return Err(VersionError::Unsupported),
        };
        offered.contains(&version).then_some(version).ok_or(VersionError::Unsupported)
    }

    /// What a client speaks that does not say.
    pub(crate) const UNSTATED: &str = "1.0.0";

    pub(crate) const fn index(self) -> usize {
        match self {
            Self::V1 => 0,
            Self::V2 => 1,
        }
    }

    pub(crate) const ALL: usize = 2;
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1 => "1.0.0",
            Self::V2 => "2.0.0",
        })
    }
}

/// Major and minor of a semantic version. One that comes before its release is none that any
/// requirement asks for, and has neither.
fn parse(vsn: &str) -> Option<(u32, u32)> {
    let (rest, build) = split(vsn, '+');
    let (numbers, pre_release) = split(rest, '-');
    if ![build, pre_release].into_iter().flatten().all(is_identifiers) {
        return None;
    }
    let mut parts = numbers.split('.').map(number);
    let (major, minor, _patch) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() {
        return None;
    }
    Some(if pre_release.is_some() { (0, 0) } else { (major, minor) })
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at).map_or((text, None), |(before, after)| (before, Some(after)))
}

fn is_identifiers(text: &str) -> bool {
    let is_identifier = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    text.split('.').all(is_identifier)
}

fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let canonical = text == "0" || !text.starts_with('0');
    (digits && canonical).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::{Version, VersionError};

    const BOTH: &[Version] = &[Version::V1, Version::V2];

    #[test]
    fn full_versions_select_a_serializer_and_everything_else_is_refused() {
        use VersionError::{Invalid, Unsupported};
        for (vsn, expected) in [
            (None, Ok(Version::V1)),
            (Some("1.0.0"), Ok(Version::V1)),
            (Some("1.0.9"), Ok(Version::V1)),
            (Some("2.0.0"), Ok(Version::V2)),
            (Some("2.0.0+b"), Ok(Version::V2)),
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
            assert_eq!(Version::negotiate(vsn, BOTH), expected, "{vsn:?}");
        }
        assert_eq!(Version::negotiate(Some("1.0.0"), &[Version::V2]), Err(Unsupported));
    }
}
