//! Several nodes as one.

mod broadcasts;
mod engines;
mod faults;
mod longpoll;
mod presence;
mod sentinel;
mod support;
