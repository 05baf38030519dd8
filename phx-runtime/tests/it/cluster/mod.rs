//! Several nodes as one.

mod broadcasts;
mod engines;
mod faults;
mod longpoll;
mod servers;
mod support;
