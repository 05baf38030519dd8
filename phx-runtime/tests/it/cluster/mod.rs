//! Several nodes as one.

mod broadcasts;
mod engines;
mod faults;
mod servers;
mod support;
