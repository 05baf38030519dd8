//! The guide. Every Rust block of its chapters, and of the README, is a test of this crate.

#![allow(clippy::doc_markdown, reason = "chapters are prose")]

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
    beside_phoenix: "src/beside-phoenix.md",
    moving_from_phoenix: "src/moving-from-phoenix.md",
    production: "src/production.md",
    serving: "src/serving.md",
    what_an_enemy_can_do: "src/what-an-enemy-can-do.md",
    performance: "src/performance.md",
    options: "src/options.md",
    protocol: "src/protocol.md",
    serializers: "src/serializers.md",
    differences: "src/differences.md",
    below_the_macros: "src/below-the-macros.md",
    coming_from_phoenix: "src/coming-from-phoenix.md",
    dependencies: "src/dependencies.md",
}

#[cfg(test)]
mod tests {
    fn is_named(chapter: &str, name: &str) -> bool {
        chapter.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').any(|w| w == name)
    }

    #[test]
    fn every_dependency_has_its_reason() {
        let manifest = include_str!("../phx-runtime/Cargo.toml");
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap();
        let names: Vec<_> = dependencies
            .lines()
            .take_while(|line| !line.starts_with('['))
            .filter_map(|line| line.split(['.', ' ']).next().filter(|name| !name.is_empty()))
            .collect();
        assert!(names.contains(&"warp"), "{names:?}");
        for name in names {
            assert!(is_named(include_str!("src/dependencies.md"), name), "{name}");
        }
    }

    #[test]
    fn every_option_of_the_attributes_is_explained() {
        let source = include_str!("../phx-macros/src/args/keys.rs");
        let names: Vec<_> = source
            .split("(\"")
            .filter_map(|entry| entry.split_once("\", Kind::"))
            .map(|(name, _)| name)
            .collect();
        assert!(names.contains(&"check_origin"), "{names:?}");
        for name in names {
            assert!(is_named(include_str!("src/options.md"), name), "{name}");
        }
    }
}
