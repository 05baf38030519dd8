//! What the macros write, compared with `snapshots/*.out.rs`.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test -p phx-macros` writes those files anew; read them before they are
//! committed.

use std::{env, fs, path::Path};

use proc_macro2::TokenStream;
use syn::{Attribute, parse::Parser};

use crate::pipeline;

/// Expands the text of an item whose first attribute is ours.
fn expand(text: &str) -> TokenStream {
    let (attr, item) = text.split_once(")]\n").unwrap();
    let attr = Attribute::parse_outer.parse_str(&format!("{attr})]")).unwrap().remove(0);
    let list = attr.meta.require_list().unwrap().clone();
    let item = item.parse().unwrap();
    if list.path.is_ident("socket") {
        pipeline::socket(list.tokens, item)
    } else {
        pipeline::channel(list.tokens, item)
    }
}

fn check(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots");
    let input = fs::read_to_string(folder.join(format!("{name}.in.rs"))).unwrap();
    let file = syn::parse2(expand(&input)).expect("the expansion is Rust");
    let written = prettyplease::unparse(&file);
    let kept = folder.join(format!("{name}.out.rs"));
    if env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(kept, written).unwrap();
        return;
    }
    let expected = fs::read_to_string(kept).unwrap();
    assert!(written == expected, "{name} is now written as\n{written}");
}

#[test]
fn a_socket_on_an_impl_block() {
    check("socket_impl");
}

#[test]
fn a_socket_on_a_module() {
    check("socket_module");
}

#[test]
fn a_socket_without_channels_on_an_impl_block() {
    check("raw_socket_impl");
}

#[test]
fn a_socket_without_channels_on_a_module() {
    check("raw_socket_module");
}

#[test]
fn a_channel_on_an_impl_block() {
    check("channel_impl");
}

#[test]
fn a_channel_on_a_module() {
    check("channel_module");
}

#[test]
fn an_unfinished_body_costs_nothing() {
    let written = expand(
        "#[channel(\"room:*\")]\n\
         impl Room {\n\
             #[join] fn join() -> Result<Self, JoinError> { Ok(Self) }\n\
             #[handle_in(\"a\")] fn a(&self) { let x = self. }\n\
             #[handle_in(\"b\")] fn b(&self) { if x { }; }\n\
         }",
    )
    .to_string();
    assert!(written.contains("let x = self ."), "{written}");
    assert!(written.contains("_phx :: Channel for Room"), "{written}");
    assert!(!written.contains("compile_error"), "{written}");
}

#[test]
fn an_unfinished_function_costs_only_itself() {
    for form in [
        "impl Room { #[join] fn join() -> R {} #[handle_in(\"a\")] async fn half(&self, FN }",
        "impl Room { #[join] fn join() -> R {} #[handle_in(\"a\")] fn half(&self, x) -> { } }",
        "impl Room { #[handle_in(\"a\")] fn half #[join] fn join() -> R {} }",
        "mod room { #[assigns] struct Room; const X: u8 = #[join] fn join() -> R {} }",
    ] {
        let form = form.replace("&self, FN", "&self)");
        let written = expand(&format!("#[channel(\"room:*\")]\n{form}")).to_string();
        assert!(!written.contains("# [handle_in"), "{written}");
        assert!(!written.contains("# [assigns"), "{written}");
        assert!(written.contains("Channel for Room"), "{written}");
    }
}

#[test]
fn an_item_that_cannot_be_read_is_printed_without_our_attributes() {
    let written = expand(
        "#[channel(\"room:*\")]\n\
         #[doc = \"kept\"] impl Room for { #[join] fn join() {} #[phx::handle_in(\"a\")] fn a() {} #[inline] fn b() {} }",
    )
    .to_string();
    assert!(written.contains("# [doc = \"kept\"]") && written.contains("# [inline]"), "{written}");
    assert!(!written.contains("# [join]") && !written.contains("handle_in"), "{written}");
    assert!(written.contains("compile_error"), "{written}");
}

#[test]
fn a_mistake_leaves_the_traits_in_place() {
    let written =
        expand("#[channel(\"room:{id}\", 7)]\nimpl Room { #[join] fn join(id: u8) -> R {} }");
    let written = written.to_string();
    assert!(written.contains("compile_error"), "{written}");
    assert!(written.contains("_phx :: Channel for Room"), "{written}");
    assert!(written.contains("_phx :: Join < AnySocket > for Room"), "{written}");
    assert!(written.contains("pub fn topic (id : impl _phx :: TopicPart < u8 >)"), "{written}");
}
