//! Looking at attributes, paths and types.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Attribute, GenericArgument, Path, PathArguments, Type, TypePath, TypeReference};

/// Removes and returns the attributes called `name`, however they are qualified.
pub(crate) fn take(attrs: &mut Vec<Attribute>, name: &str) -> Vec<Attribute> {
    attrs.extract_if(.., |attr| is(attr, name)).collect()
}

pub(crate) fn is(attr: &Attribute, name: &str) -> bool {
    last_segment(attr.path()).is_some_and(|segment| segment == name)
}

pub(crate) fn last_segment(path: &Path) -> Option<&Ident> {
    path.segments.last().map(|segment| &segment.ident)
}

/// Whether a word is spelt as types are, and not as constants.
pub(crate) fn is_spelt_as_type(word: &str) -> bool {
    word.starts_with(char::is_uppercase) && word.contains(char::is_lowercase)
}

/// The reference that `ty` is, if it is one.
pub(crate) fn reference(ty: &Type) -> Option<&TypeReference> {
    match unwrapped(ty) {
        Type::Reference(reference) => Some(reference),
        _ => None,
    }
}

/// The type without what `macro_rules` and parentheses wrap around it.
pub(crate) fn unwrapped(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => unwrapped(&group.elem),
        Type::Paren(paren) => unwrapped(&paren.elem),
        ty => ty,
    }
}

/// Whether the reference is `&'static T`.
pub(crate) fn is_static(reference: &TypeReference) -> bool {
    reference.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static")
}

/// `T` of `Wrapper<T, ..>`.
pub(crate) fn argument_of<'a>(wrapper: &str, ty: &'a Type) -> Option<&'a Type> {
    let Type::Path(TypePath { qself: None, path, .. }) = unwrapped(ty) else { return None };
    let last = path.segments.last().filter(|last| last.ident == wrapper)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// The first lifetime in a type, other than `'static`.
pub(crate) fn lifetime(ty: TokenStream) -> Option<TokenStream> {
    let mut quote = None;
    for tree in ty {
        match &tree {
            TokenTree::Group(group) => {
                if let Some(found) = lifetime(group.stream()) {
                    return Some(found);
                }
            }
            TokenTree::Ident(name) if name != "static" => {
                if let Some(quote) = quote {
                    return Some(quote!(#quote #name));
                }
            }
            _ => {}
        }
        quote = matches!(&tree, TokenTree::Punct(punct) if punct.as_char() == '\'').then_some(tree);
    }
    None
}

/// Whether the word `name` is among the tokens.
pub(crate) fn mentions(tokens: TokenStream, name: &Ident) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Ident(word) => word == *name,
        TokenTree::Group(group) => mentions(group.stream(), name),
        _ => false,
    })
}

/// A type as people write it, without the spaces between its tokens.
pub(crate) fn spelled(ty: &impl ToTokens) -> String {
    let mut text = ty.to_token_stream().to_string();
    for (spaced, meant) in [
        (" :: ", "::"),
        (":: ", "::"),
        (" < ", "<"),
        (" >", ">"),
        (" ,", ","),
        ("& ", "&"),
        ("( ", "("),
        (" )", ")"),
    ] {
        text = text.replace(spaced, meant);
    }
    text
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::spelled;

    #[test]
    fn types_are_spelled_without_the_spaces_of_tokens() {
        for (ty, meant) in [
            (quote!(HashMap<String, Vec<u8>>), "HashMap<String, Vec<u8>>"),
            (quote!(&'static std::sync::Arc<T>), "&'static std::sync::Arc<T>"),
            (quote!((A, &B)), "(A, &B)"),
        ] {
            assert_eq!(spelled(&ty), meant);
        }
    }
}
