//! The guide. Every Rust block of its chapters is a test of this crate.

#[doc = include_str!("src/getting-started.md")]
mod getting_started {}
