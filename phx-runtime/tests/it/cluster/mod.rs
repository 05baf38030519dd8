//! Several nodes as one.

mod broadcasts;
mod engines;
mod faults;
mod longpoll;
mod presence;
mod servers;
mod support;
