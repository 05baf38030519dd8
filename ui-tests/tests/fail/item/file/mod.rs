//! A module in a file of its own; see `file_module.rs`.
