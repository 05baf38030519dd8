//! What a function has to be that `#[test]` makes tests of.

use syn::{Attribute, FnArg, Signature};

use crate::{diag::Errors, syntax};

pub(crate) fn scenario(attrs: &[Attribute], sig: &Signature, errors: &Errors) {
    let name = &sig.ident;
    if sig.asyncness.is_none() {
        errors
            .at(sig.fn_token, format!("a test waits for what its clients get: `async fn {name}`"));
    }
    if let Some(param) = sig.generics.params.first() {
        errors.at(param, "a test is called with nothing that could say what this is");
    }
    match sig.inputs.iter().collect::<Vec<_>>()[..] {
        [FnArg::Typed(_)] => {}
        [FnArg::Receiver(receiver)] => {
            errors.at(receiver, "a test is a function by itself, with `over: testing::Over` alone");
        }
        [] => errors.at(
            name,
            format!("`{name}` has to be told over what its clients connect: `{name}(over: testing::Over)`"),
        ),
        [_, more, ..] => errors.at(
            more,
            "a test has one argument, `over: testing::Over`, and makes everything else itself",
        ),
    }
    if let Some(other) = attrs.iter().find(|attr| syntax::is(attr, "test")) {
        errors.at(other, "`#[testing::test(..)]` makes the tests by itself: remove this");
    }
}
