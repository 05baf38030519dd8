//! Where generated code finds the runtime: `crate = path`, or `::phx_runtime`.

use syn::{Expr, Path};

use super::list::Argument;
use crate::diag::Errors;

/// Takes `crate = path` out of a list.
pub(super) fn runtime(list: &mut Vec<Argument>, errors: &Errors) -> Option<Path> {
    let mut found: Option<Path> = None;
    list.retain(|argument| {
        let (Argument::Word(key) | Argument::Setting(key, _) | Argument::Group(key, _)) = argument
        else {
            return true;
        };
        if key != "crate" {
            return true;
        }
        match argument {
            Argument::Setting(_, Expr::Path(value)) if found.is_none() => {
                found = Some(value.path.clone());
            }
            Argument::Setting(_, Expr::Path(_)) => errors.at(key, "`crate` is set twice"),
            _ => errors.at(key, "expected the runtime's path: `crate = path::to::phx_runtime`"),
        }
        false
    });
    found
}
