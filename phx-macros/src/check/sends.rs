//! Rules about the events that a channel lists.

use std::collections::HashSet;

use crate::{args::ChannelArgs, diag::Errors, syntax::spelled};

pub(super) fn check(args: &ChannelArgs, errors: &Errors) {
    let mut seen = HashSet::new();
    for event in &args.sends {
        let name = spelled(event);
        if !seen.insert(name.clone()) {
            errors.at(event, format!("`{name}` is listed twice"));
        }
    }
}
