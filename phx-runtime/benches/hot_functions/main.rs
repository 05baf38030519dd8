//! The functions that every message passes, by themselves:
//!
//! ```text
//! RUSTFLAGS="--cfg hot_functions" cargo bench -p phx-runtime --bench hot_functions [-- FILTER]
//! ```
//!
//! The runtime shows them under that `cfg` alone. Nothing here makes a system call; what those cost,
//! `side_by_side` measures.
#![allow(missing_docs, unreachable_pub, reason = "a program has no public interface")]
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot start has nothing to report")]

#[cfg(hot_functions)]
mod functions;

#[cfg(hot_functions)]
fn main() {
    divan::main();
}

#[cfg(not(hot_functions))]
fn main() {
    eprintln!("the runtime shows its functions under a cfg: RUSTFLAGS=\"--cfg hot_functions\"");
}
