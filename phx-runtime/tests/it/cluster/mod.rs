//! Several nodes as one.

mod broadcasts;
mod faults;
mod support;
