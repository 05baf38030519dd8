//! The guide. Every Rust block of its chapters, and of the README, is a test of this crate.

macro_rules! chapters {
    ($($name:ident: $path:literal,)*) => {$(
        #[doc = include_str!($path)]
        mod $name {}
    )*};
}

#[doc = include_str!("../README.md")]
mod readme {}

chapters! {
    getting_started: "src/getting-started.md",
    sockets: "src/sockets.md",
    channels: "src/channels.md",
    payloads: "src/payloads.md",
    broadcasts: "src/broadcasts.md",
    presence: "src/presence.md",
    long_polling: "src/long-polling.md",
    logging: "src/logging.md",
    testing: "src/testing.md",
    production: "src/production.md",
    options: "src/options.md",
    protocol: "src/protocol.md",
    differences: "src/differences.md",
    below_the_macros: "src/below-the-macros.md",
    coming_from_phoenix: "src/coming-from-phoenix.md",
    dependencies: "src/dependencies.md",
}
