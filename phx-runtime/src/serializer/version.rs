//! Which protocol version a client speaks.

use std::fmt;

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
    /// The version for the connection parameter `vsn`, which is a full semantic version; a client
    /// that sends none speaks `1.0.0`.
    pub(crate) fn negotiate(vsn: Option<&str>, offered: &[Self]) -> Option<Self> {
        let version = match parse(vsn.unwrap_or("1.0.0"))? {
            (1, 0) => Self::V1,
            (2, 0) => Self::V2,
            _ => return None,
        };
        offered.contains(&version).then_some(version)
    }

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

/// Major and minor of a three-part version. A build suffix is allowed; a pre-release is not, since
/// it comes before the release that the requirement asks for.
fn parse(vsn: &str) -> Option<(u32, u32)> {
    let (numbers, build) = vsn.split_once('+').map_or((vsn, None), |(n, b)| (n, Some(b)));
    let identifier = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if build.is_some_and(|build| !build.split('.').all(identifier)) {
        return None;
    }
    let mut parts = numbers.split('.').map(number);
    let (major, minor, _patch) = (parts.next()??, parts.next()??, parts.next()??);
    parts.next().is_none().then_some((major, minor))
}

fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let canonical = text == "0" || !text.starts_with('0');
    (digits && canonical).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::Version;

    const BOTH: &[Version] = &[Version::V1, Version::V2];

    #[test]
    fn full_versions_select_a_serializer_and_everything_else_is_refused() {
        for (vsn, expected) in [
            (None, Some(Version::V1)),
            (Some("1.0.0"), Some(Version::V1)),
            (Some("1.0.9"), Some(Version::V1)),
            (Some("2.0.0"), Some(Version::V2)),
            (Some("2.0.0+b"), Some(Version::V2)),
            (Some("2.0.0-rc.1"), None),
            (Some("2.1.0"), None),
            (Some("1.1.0"), None),
            (Some("2.0"), None),
            (Some("2"), None),
            (Some(""), None),
            (Some("v2.0.0"), None),
            (Some(" 2.0.0"), None),
            (Some("02.0.0"), None),
            (Some("2.0.0.0"), None),
            (Some("2.0.0+"), None),
        ] {
            assert_eq!(Version::negotiate(vsn, BOTH), expected, "{vsn:?}");
        }
        assert_eq!(Version::negotiate(Some("1.0.0"), &[Version::V2]), None);
    }
}
