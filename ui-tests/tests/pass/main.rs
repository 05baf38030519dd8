//! Programs that must compile, without a warning, and mean what they say.
//!
//! They are one test binary rather than files for `trybuild`, so that clippy can read them too.
#![allow(unreachable_pub, reason = "written as an application's own modules would be")]
#![allow(
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    reason = "odd ways of writing are the point; the library is what has to be silent"
)]

mod app;
mod arguments;
mod by_hand;
mod conditional;
mod conversation;
mod foreign;
mod generics;
mod hygiene;
mod impl_form;
mod literal;
mod macro_rules;
mod module_form;
mod nested;
mod options;
mod raw_socket;
mod renamed;
mod state;

use ui_tests as _;
