//! Changes that are made to a copy of the application's state and lost with it.

use proc_macro2::{Ident, Spacing, TokenStream, TokenTree};
use syn::{FnArg, Pat, Type};

use crate::{
    diag::Errors,
    model::Callback,
    syntax::{argument_of, spelled},
};

/// Types of the standard library whose copies are on their own.
const VALUES: &[&str] = &[
    "BTreeMap",
    "BTreeSet",
    "BinaryHeap",
    "HashMap",
    "HashSet",
    "Option",
    "String",
    "Vec",
    "VecDeque",
    "bool",
    "char",
    "f32",
    "f64",
    "i128",
    "i16",
    "i32",
    "i64",
    "i8",
    "isize",
    "u128",
    "u16",
    "u32",
    "u64",
    "u8",
    "usize",
];

// A handle such as a connection pool may have to be `mut` to be used, so only what is certainly lost is
// refused.
pub(super) fn check(callback: &Callback, errors: &Errors) {
    for input in &callback.sig.inputs {
        let FnArg::Typed(input) = input else { continue };
        let Some(shared) = argument_of("State", &input.ty) else { continue };
        let Some(name) = changeable(&input.pat) else { continue };
        let lost =
            if is_value(shared) { Some(name.clone()) } else { assigned(name, &callback.body) };
        if let Some(place) = lost {
            let shared = spelled(shared);
            let message = format!(
                "`{name}` is a copy of the state for this call, so what changes here is lost: register and \
                 take what is shared, `State<Arc<Mutex<{shared}>>>`"
            );
            errors.at(place, message);
        }
    }
}

/// The name of an argument that is bound as `mut`, alone or in `State(mut name)`.
fn changeable(pat: &Pat) -> Option<&Ident> {
    match pat {
        Pat::Ident(pat) => pat.mutability.is_some().then_some(&pat.ident),
        Pat::TupleStruct(pat) => pat.elems.iter().find_map(changeable),
        _ => None,
    }
}

fn is_value(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    path.path.segments.last().is_some_and(|last| VALUES.iter().any(|name| last.ident == name))
}

/// Where `name`, or a field of it, is assigned to.
fn assigned(name: &Ident, body: &TokenStream) -> Option<Ident> {
    let trees: Vec<_> = body.clone().into_iter().collect();
    for (at, tree) in trees.iter().enumerate() {
        match tree {
            TokenTree::Group(group) => {
                if let Some(found) = assigned(name, &group.stream()) {
                    return Some(found);
                }
            }
            TokenTree::Ident(word) if word == name && is_start(&trees[..at]) => {
                let fields = trees[at + 1..].iter().take_while(|tree| is_of_path(tree)).count();
                if is_assignment(&trees[at + 1 + fields..]) {
                    return Some(word.clone());
                }
            }
            _ => {}
        }
    }
    None
}

/// Whether what stands before a word lets it be the start of an expression, not a field or a binding.
fn is_start(before: &[TokenTree]) -> bool {
    match before.last() {
        Some(TokenTree::Punct(punct)) => punct.as_char() != '.',
        Some(TokenTree::Ident(word)) => word != "let" && word != "mut",
        _ => true,
    }
}

/// `.field`, `.0`, `.0.0`.
fn is_of_path(tree: &TokenTree) -> bool {
    match tree {
        TokenTree::Punct(punct) => punct.as_char() == '.',
        TokenTree::Ident(_) | TokenTree::Literal(_) => true,
        TokenTree::Group(_) => false,
    }
}

/// `=`, `+=` and the like, but neither `==` nor `=>` nor a comparison.
fn is_assignment(trees: &[TokenTree]) -> bool {
    let mut signs = trees.iter().map_while(|tree| match tree {
        TokenTree::Punct(punct) => Some((punct.as_char(), punct.spacing())),
        _ => None,
    });
    match signs.next() {
        Some(('=', Spacing::Alone)) => true,
        Some(('+' | '-' | '*' | '/' | '%' | '^' | '&' | '|', Spacing::Joint)) => {
            matches!(signs.next(), Some(('=', Spacing::Alone)))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::{Ident, Span};
    use quote::quote;

    use super::assigned;

    #[test]
    fn assignments_are_told_from_uses() {
        let count = Ident::new("count", Span::call_site());
        for body in [
            quote!({
                count.0.0 += 1;
            }),
            quote!({
                if true {
                    count.0 = 2;
                }
            }),
            quote!({
                count.0.users.last = now();
            }),
        ] {
            assert!(assigned(&count, &body).is_some(), "{body}");
        }
        for body in [
            quote!({ count.0.0 == 1 }),
            quote!({
                let count = 1;
            }),
            quote!({
                self.count = count.0;
            }),
            quote!({
                match count {
                    count => 1,
                }
            }),
            quote!({
                count.add(1);
                x = count.0;
            }),
            quote!({ count.0 <= 1 && count.0 != 2 }),
        ] {
            assert!(assigned(&count, &body).is_none(), "{body}");
        }
    }
}
