//! Which versions of the protocol a serializer is for.

use std::{cmp::Ordering, fmt, str::FromStr};

use semver::Version;
use thiserror::Error;

/// A requirement on a client's `vsn`, as Phoenix writes them: `~> 2.0.0`, `== 3.1.0`,
/// `>= 2.0.0 and < 4.0.0`, `~> 1.0.0 or ~> 1.2`.
///
/// `~> 2.0.0` takes all of 2.0, `~> 2.0` all from 2.0 up to 3. Operators are `~>`, `==`, `!=`, `>`,
/// `>=`, `<` and `<=`; a version alone is `==`; `and` binds closer than `or`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Requirement {
    text: String,
    /// One of these has to hold, with all its parts.
    any: Vec<Vec<Comparison>>,
}

/// A text that is no requirement.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is no version requirement, such as \"~> 2.0.0\"")]
pub(crate) struct NoRequirement(pub(super) String);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Comparison {
    operator: Operator,
    version: Version,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    Unequal,
    Above,
    AtLeast,
    Below,
    AtMost,
    /// `~>` with three numbers: the minor version stays.
    SameMinor,
    /// `~>` with two: the major version stays.
    SameMajor,
}

const OPERATORS: [(&str, Operator); 8] = [
    ("~>", Operator::SameMinor),
    ("==", Operator::Equal),
    ("!=", Operator::Unequal),
    (">=", Operator::AtLeast),
    ("<=", Operator::AtMost),
    (">", Operator::Above),
    ("<", Operator::Below),
    ("", Operator::Equal),
];

impl Requirement {
    pub(super) fn matches(&self, version: &Version) -> bool {
        self.any.iter().any(|all| all.iter().all(|comparison| comparison.holds(version)))
    }
}

impl FromStr for Requirement {
    type Err = NoRequirement;

    fn from_str(text: &str) -> Result<Self, NoRequirement> {
        let any = text.split(" or ").map(|all| all.split(" and ").map(Comparison::parse).collect());
        let any = any.collect::<Option<Vec<_>>>().ok_or_else(|| NoRequirement(text.to_owned()))?;
        Ok(Self { text: text.trim().to_owned(), any })
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Comparison {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (sign, operator) = OPERATORS.into_iter().find(|(sign, _)| text.starts_with(sign))?;
        let number = text[sign.len()..].trim();
        if operator == Operator::SameMinor && number.bytes().filter(|b| *b == b'.').count() == 1 {
            let version = Version::parse(&format!("{number}.0")).ok()?;
            return Some(Self { operator: Operator::SameMajor, version });
        }
        Some(Self { operator, version: Version::parse(number).ok()? })
    }

    fn holds(&self, client: &Version) -> bool {
        let order = client.cmp_precedence(&self.version);
        let is_same_major = client.major == self.version.major;
        match self.operator {
            Operator::Equal => order == Ordering::Equal,
            Operator::Unequal => order != Ordering::Equal,
            Operator::Above => order == Ordering::Greater,
            Operator::AtLeast => order != Ordering::Less,
            Operator::Below => order == Ordering::Less,
            Operator::AtMost => order != Ordering::Greater,
            Operator::SameMajor => order != Ordering::Less && is_same_major,
            Operator::SameMinor => {
                order != Ordering::Less && is_same_major && client.minor == self.version.minor
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use semver::Version;

    use super::Requirement;

    #[test]
    fn requirements_are_those_of_elixir() {
        for (requirement, taken, refused) in [
            (
                "~> 2.0.0",
                &["2.0.0", "2.0.9", "2.0.1-rc.1", "2.0.0+b"][..],
                &["2.1.0", "2.0.0-rc.1"][..],
            ),
            ("~> 2.0", &["2.0.0", "2.9.1"], &["3.0.0", "1.9.9"]),
            ("3.1.0", &["3.1.0", "3.1.0+build"], &["3.1.1"]),
            ("== 3.1.0", &["3.1.0"], &["3.1.0-rc.1"]),
            ("!= 3.1.0", &["3.1.1"], &["3.1.0"]),
            (">= 2.0.0 and < 4.0.0", &["2.0.0", "3.9.9"], &["4.0.0", "1.0.0"]),
            ("> 2.0.0 and <= 3.0.0", &["2.0.1", "3.0.0"], &["2.0.0", "3.0.1"]),
            ("~>1.0.0 or ~> 1.2.0", &["1.0.5", "1.2.0"], &["1.1.0"]),
        ] {
            let parsed: Requirement = requirement.parse().unwrap();
            let matches = |vsn: &&&str| parsed.matches(&Version::parse(vsn).unwrap());
            assert_eq!(taken.iter().find(|vsn| !matches(vsn)), None, "{requirement}");
            assert_eq!(refused.iter().find(matches), None, "{requirement}");
        }
        for wrong in ["", "2", "~> 2", "=> 2.0.0", "2.0", "~> 2.0.0 and", "and", "~> x.y.z", "two"]
        {
            assert!(wrong.parse::<Requirement>().is_err(), "{wrong:?}");
        }
    }
}
