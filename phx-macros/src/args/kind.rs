//! The kinds of values that options take, and reading one.

use proc_macro2::{Ident, Span};

use super::{
    given::{Given, Refused},
    lists::{filter, origin, serializers, subprotocols},
    scalars::{Zero, count, duration, flag, function, level, path, size},
    value::Value,
};
use crate::diag::{Errors, one_of};

/// Options by their names.
pub(super) type Keys = &'static [(&'static str, Kind)];

/// What kind of value an option takes.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Flag,
    Count,
    Size,
    /// A duration longer than nothing.
    Duration,
    /// A duration that may be zero.
    Pause,
    /// A duration, or `false` for never.
    Timeout,
    Level,
    Path,
    Subprotocols,
    Origin,
    Function,
    Serializers,
    Filter,
    /// These options, or `false` for no drainer.
    Drainer(Keys),
    /// These options.
    Rate(Keys),
}

impl Kind {
    /// Reads what was written for the option `key` at `place`.
    pub(super) fn read(
        self,
        key: &Ident,
        given: &Given<'_>,
        place: Span,
        errors: &Errors,
    ) -> Result<Value, Refused> {
        match self {
            Self::Flag => flag(given),
            Self::Count => count(key, given),
            Self::Size => size(key, given),
            Self::Duration => duration(key, given, Zero::Invalid),
            Self::Pause => duration(key, given, Zero::Fine),
            Self::Timeout => duration(key, given, Zero::Off),
            Self::Level => level(key, given, place, errors),
            Self::Path => path(given, errors),
            Self::Subprotocols => subprotocols(key, given, errors),
            Self::Origin => origin(key, given, errors),
            Self::Function => function(given),
            Self::Serializers => serializers(given, errors),
            Self::Filter => filter(key, given, errors),
            Self::Rate(_) | Self::Drainer(_) => Err(Refused::Kind),
        }
    }

    /// What to write instead of a value of the wrong kind.
    pub(super) fn usage(self, key: &Ident) -> String {
        let what = match self {
            Self::Count => "a number, such as ",
            Self::Size => "a size, such as ",
            Self::Duration | Self::Pause | Self::Timeout => "a duration, such as ",
            Self::Level => "a level, such as ",
            Self::Path => "a path, such as ",
            _ => "",
        };
        let forms = match self {
            Self::Flag => vec![format!("{key} = true"), format!("{key} = false")],
            Self::Count => vec![format!("{key} = 100")],
            Self::Size => vec![format!("{key} = \"64KiB\""), format!("{key} = 65_536")],
            Self::Duration | Self::Pause => vec![format!("{key} = \"10s\"")],
            Self::Timeout => vec![format!("{key} = \"60s\""), format!("{key} = false")],
            Self::Level => vec![format!("{key} = \"debug\""), format!("{key} = false")],
            Self::Path => vec![format!("{key} = \"/path\"")],
            Self::Subprotocols => vec![format!("{key}(\"name\")")],
            Self::Origin => vec![
                format!("{key} = true"),
                format!("{key} = false"),
                format!("{key} = \"conn\""),
                format!("{key}(\"https://example.com\")"),
                format!("{key} = path::to::function"),
            ],
            Self::Function => vec![format!("{key} = path::to::function")],
            Self::Serializers => vec![format!("{key}(v1, v2)")],
            Self::Filter => vec![format!("{key}(\"password\")"), format!("{key}(keep(\"id\"))")],
            Self::Rate(_) => vec![format!("{key}(per_second = 50, burst = 100)")],
            Self::Drainer(_) => {
                vec![format!("{key}(batch_size = 1_000)"), format!("{key} = false")]
            }
        };
        format!("expected {what}{}", one_of(forms.iter().map(String::as_str)))
    }
}
