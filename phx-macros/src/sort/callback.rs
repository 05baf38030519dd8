//! What a marked function takes and returns.

use proc_macro2::Ident;
use quote::format_ident;
use syn::{FnArg, Pat, ReceiverKind, ReturnType, Type, ext::IdentExt, parse::Parser};

use crate::{
    args::{Events, handler_rate},
    diag::Errors,
    item::Function,
    marks::{Mark, Role},
    model::{Argument, ArgumentRole, Callback, Receiver},
    syntax::{is, is_static, reference, unwrapped},
};

/// What a marked function declares; `names` are the topic parameters.
pub(super) fn callback(
    function: &Function,
    mark: Mark,
    is_module: bool,
    names: &[String],
    errors: &Errors,
) -> Callback {
    let (sig, role) = (&function.sig, mark.role);
    let events = match role {
        Role::HandleIn | Role::HandleOut => Events::read(&mark.attr, &mark.name, errors),
        // What it has in its parentheses is judged where it is known whether there are channels.
        Role::RawIn => None,
        _ => {
            if mark.attr.meta.require_path_only().is_err() {
                errors.at(&mark.attr, takes_nothing(role, &mark.name));
            }
            None
        }
    };
    let rate = handler_rate(&mark.attr, &mark.name, errors);
    let mut inputs = sig.inputs.iter().peekable();
    let receiver = match inputs.peek() {
        Some(FnArg::Receiver(this)) => receiver(this),
        Some(FnArg::Typed(first)) if is_module && !role.makes_state() => reference(&first.ty)
            .map_or(Receiver::Missing, |ty| Receiver::Borrowed {
                exclusive: ty.mutability.is_some(),
                written: Some(ty.elem.clone()),
            }),
        _ => Receiver::Missing,
    };
    if !matches!(receiver, Receiver::Missing) {
        inputs.next();
    }
    let names = if role == Role::Join { names } else { &[] };
    Callback {
        role,
        mark: mark.name,
        attr: mark.attr,
        sig: sig.clone(),
        cfgs: function.attrs.iter().filter(|attr| attr.path().is_ident("cfg")).cloned().collect(),
        is_deprecated: function.attrs.iter().any(|attr| is(attr, "deprecated")),
        events,
        rate,
        receiver,
        arguments: arguments(role, inputs, names),
        output: match &sig.output {
            ReturnType::Default => None,
            ReturnType::Type(_, ty) => Some((**ty).clone()),
        },
        body: function.body.clone(),
    }
}

fn takes_nothing(role: Role, mark: &Ident) -> String {
    let hint = match role {
        Role::Connect => ": the path is in `#[socket(\"/socket\", ..)]`",
        Role::Join => ": the topics are in `#[channel(\"room:*\")]`",
        Role::HandleInfo | Role::RawInfo => {
            ": the type of the message selects it, `fn name(&mut self, message: Tick)`"
        }
        _ => "",
    };
    format!("`#[{mark}]` takes no arguments{hint}")
}

/// Sorts arguments by the rule of the language: topic parameters by name, the first owned one is
/// what arrived, the rest is context. In generated code they keep the names that they have here.
fn arguments<'a>(
    role: Role,
    inputs: impl Iterator<Item = &'a FnArg>,
    names: &[String],
) -> Vec<Argument> {
    let default_name = match role {
        Role::Connect | Role::Join => "params",
        Role::Terminate | Role::RawTerminate => "reason",
        Role::RawIn => "message",
        Role::RawControl => "control",
        _ => "payload",
    };
    let mut found: Vec<Argument> = Vec::new();
    for input in inputs {
        let FnArg::Typed(input) = input else { continue };
        let declared = match &*input.pat {
            Pat::Ident(pat) => Some(&pat.ident),
            _ => None,
        };
        let ident = declared.map(|ident| ident.unraw().to_string());
        // `_room_id` is how Rust spells an argument that is not used.
        let written = ident.as_deref().unwrap_or_default();
        let plain = written.trim_start_matches('_');
        let parameter = names.iter().find(|name| [written, plain].contains(&name.as_str()));
        let arrives = may_arrive(role, &input.ty);
        let has_arrived = found.iter().any(|earlier| earlier.role == ArgumentRole::Subject);
        let (role, default) = match parameter {
            Some(name) => (ArgumentRole::Parameter(name.clone()), ""),
            None if arrives && !has_arrived => (ArgumentRole::Subject, default_name),
            None => (ArgumentRole::Context, ""),
        };
        let taken = |name: &Ident| found.iter().any(|earlier| earlier.local == *name);
        let mut choices = [plain, default].into_iter().filter_map(identifier);
        let local = choices
            .find(|name| !taken(name))
            .unwrap_or_else(|| format_ident!("argument_{}", found.len()));
        let written = declared.cloned();
        found.push(Argument { local, written, ty: (*input.ty).clone(), role });
    }
    found
}

/// Whether an argument of this type takes what arrived, if it is the first such.
fn may_arrive(role: Role, ty: &Type) -> bool {
    match (role, reference(ty)) {
        // Nothing arrives.
        (Role::RawInit, _) => false,
        (_, None) => true,
        // A message may be a `&'static str`, which is as good as owned.
        (Role::HandleInfo | Role::RawInfo, Some(ty)) => is_static(ty),
        // What a client sent can be borrowed for the call.
        (Role::RawIn, Some(ty)) => is_slice(&ty.elem),
        (_, Some(_)) => false,
    }
}

/// `str` or `[u8]`.
fn is_slice(ty: &Type) -> bool {
    match unwrapped(ty) {
        Type::Path(path) => path.path.is_ident("str"),
        Type::Slice(_) => true,
        _ => false,
    }
}

/// A word as an identifier, if need be a raw one.
fn identifier(word: &str) -> Option<Ident> {
    let is_keyword = || Ident::parse_any.parse_str(word).ok().map(|_| format_ident!("r#{word}"));
    syn::parse_str(word).ok().or_else(is_keyword)
}

fn receiver(this: &syn::Receiver) -> Receiver {
    // `Receiver::mutability` is the `mut` of `mut self`; the one of `&mut self` is in `kind`.
    let mutability = match &this.kind {
        ReceiverKind::Reference(_, _, mutability) => mutability,
        ReceiverKind::Typed(_, ty) => match reference(ty) {
            Some(ty) => &ty.mutability,
            None => return Receiver::Owned,
        },
        _ => return Receiver::Owned,
    };
    Receiver::Borrowed { exclusive: mutability.is_some(), written: None }
}
