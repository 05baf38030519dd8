//! The guide. Every Rust block of its chapters is a test of this crate.

macro_rules! chapters {
    ($($name:ident: $path:literal,)*) => {$(
        #[doc = include_str!($path)]
        mod $name {}
    )*};
}

chapters! {
    getting_started: "src/getting-started.md",
    sockets: "src/sockets.md",
    channels: "src/channels.md",
    payloads: "src/payloads.md",
    broadcasts: "src/broadcasts.md",
    below_the_macros: "src/below-the-macros.md",
}
