//! The user's types, as they can be repeated elsewhere.

use proc_macro2::{Ident, Span};
use syn::{
    GenericParam, Lifetime, ParenthesizedGenericArguments, Path, Signature, Token, Type, TypeFnPtr,
    TypeInfer, TypeReference,
    spanned::Spanned,
    visit_mut::{self, VisitMut},
};

/// The type parameter of `Join<S>` where a channel can be joined from sockets of any type. The compiler may
/// mention it.
pub(crate) fn socket_parameter() -> Ident {
    Ident::new("AnySocket", Span::mixed_site())
}

/// The type as an argument of a helper, inside a function: the callback's own lifetimes and
/// `impl Trait` are left to inference.
pub(super) fn inferred(ty: &Type, sig: &Signature) -> Type {
    let own = sig.generics.params.iter().filter_map(|param| match param {
        GenericParam::Lifetime(param) => Some(param.lifetime.clone()),
        _ => None,
    });
    let mut ty = ty.clone();
    Infer { own: own.collect() }.visit_type_mut(&mut ty);
    ty
}

struct Infer {
    own: Vec<Lifetime>,
}

impl VisitMut for Infer {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if self.own.contains(lifetime) {
            *lifetime = Lifetime::new("'_", lifetime.span());
        }
    }

    fn visit_type_mut(&mut self, ty: &mut Type) {
        if let Type::ImplTrait(opaque) = ty {
            *ty = Type::Infer(TypeInfer {
                attrs: Vec::new(),
                underscore_token: Token![_](opaque.impl_token.span),
            });
        }
        visit_mut::visit_type_mut(self, ty);
    }
}

/// The type for a `where` clause, with `lifetime` in the place of those left out and of the
/// callback's own.
pub(super) fn named(ty: &Type, sig: &Signature, lifetime: &str) -> Type {
    let mut ty = inferred(ty, sig);
    Name(lifetime).visit_type_mut(&mut ty);
    ty
}

struct Name<'a>(&'a str);

impl VisitMut for Name<'_> {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident == "_" {
            *lifetime = Lifetime::new(self.0, lifetime.span());
        }
    }

    fn visit_type_reference_mut(&mut self, ty: &mut TypeReference) {
        let span = ty.and_token.span();
        ty.lifetime.get_or_insert_with(|| Lifetime::new(self.0, span));
        visit_mut::visit_type_reference_mut(self, ty);
    }

    // In `fn(&T)` and `Fn(&T)` what is left out means something else.
    fn visit_type_fn_ptr_mut(&mut self, _: &mut TypeFnPtr) {}
    fn visit_parenthesized_generic_arguments_mut(&mut self, _: &mut ParenthesizedGenericArguments) {
    }
}

/// Whether a path in a signature starts with `::`, as they do in a module without a prelude that imports nothing.
pub(super) fn starts_at_root(sig: &Signature) -> bool {
    let mut found = Rooted(false);
    found.visit_signature_mut(&mut sig.clone());
    found.0
}

struct Rooted(bool);

impl VisitMut for Rooted {
    fn visit_path_mut(&mut self, path: &mut Path) {
        self.0 |= path.leading_colon.is_some();
        visit_mut::visit_path_mut(self, path);
    }
}
