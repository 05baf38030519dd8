//! What applications can try of themselves with the test kit: lines that fail, several nodes.

mod faults;
mod nodes;
mod over;
mod support;
mod units;
