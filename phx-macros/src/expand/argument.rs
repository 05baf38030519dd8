//! How the arguments of a callback are found, each by a function of a trait that its type has to have.
//!
//! Where a type is spelt like something that is known, the trait is one of `hints` of the runtime, which
//! every type with the trait itself has: what compiles depends on the type, only the message on its name.
//!
//! A `#[join]` that borrows the connection's state, as `&UserSocket`, is one for that socket alone. Any other is one
//! for all sockets that have what it takes.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::{Lifetime, Type};

use super::{
    code::placed,
    types::{inferred, named, socket_parameter},
};
use crate::{
    marks::Role,
    model::{Argument, ArgumentRole, Callback},
    syntax::{argument_of, is_spelt_as_type, last_segment, reference, spelled, unwrapped},
};

/// Wrappers that other frameworks have around what arrives.
const WRAPPERS: &[&str] = &["Json", "Form", "Query", "Path", "Data", "Extension", "Body"];

/// The function that finds an argument: in the context of the call, or in what arrived.
pub(super) fn find(callback: &Callback, argument: &Argument) -> TokenStream {
    let ty = inferred(&argument.ty, &callback.sig);
    let asked = asked(callback, argument, &Lifetime::new("'_", Span::mixed_site()));
    match (callback.role, &argument.role) {
        (Role::Connect, ArgumentRole::Context) => {
            code!(|cx| _phx::found(<#ty as #asked>::from_connect(cx)))
        }
        (Role::Connect, _) => {
            code!(|cx| _phx::found(<#ty as #asked>::from_params(cx.info().params())))
        }
        (_, ArgumentRole::Parameter(name)) => {
            code!(|cx| _phx::parameter(cx, #name, <#ty as #asked>::from_topic))
        }
        (Role::Join, ArgumentRole::Context) if is_user(callback, argument) => {
            code!(|cx| _phx::Ok(cx.user()))
        }
        (Role::Join, ArgumentRole::Context) => {
            let asks = asks(callback, argument, &ty);
            code!(|cx| _phx::found(<#asks as #asked>::from_join(cx)))
        }
        (Role::Join, _) => code!(|cx| _phx::found(<#ty as #asked>::from_payload(cx.payload()))),
        (role, ArgumentRole::Context) if role.is_raw() => code!(<#ty as #asked>::from_raw),
        (_, ArgumentRole::Context) => code!(<#ty as #asked>::from_event),
        (Role::RawIn, _) => code!(<#ty as #asked>::from_frame),
        (Role::RawControl, _) => {
            code!(|control| _phx::message(<#ty as #asked>::from_control(control)))
        }
        (Role::HandleInfo | Role::RawInfo, _) => code!(_phx::message::<#ty>),
        (Role::Terminate | Role::RawTerminate, _) => {
            code!(|reason| _phx::message(<#ty as #asked>::from_reason(reason)))
        }
        _ => code!(<#ty as #asked>::from_payload),
    }
}

/// Registers what state a context argument needs.
pub(super) fn requires(callback: &Callback, argument: &Argument, handler: &str) -> TokenStream {
    let ty = inferred(&argument.ty, &callback.sig);
    let asked = asked(callback, argument, &Lifetime::new("'_", Span::mixed_site()));
    let asks = asks(callback, argument, &ty);
    code!(<#asks as #asked>::requires(requirements.handler(#handler));)
}

/// The type that the trait is asked of: the argument's, or what stands for it, at its place. Of a type of the
/// application's own the compiler would show, in lines that nobody needs, where it is declared.
pub(super) fn asks(callback: &Callback, argument: &Argument, ty: &Type) -> TokenStream {
    if is_second_of_join(callback, argument) {
        return placed(code!(_phx::hints::Argument), ty);
    }
    ty.to_token_stream()
}

fn is_second_of_join(callback: &Callback, argument: &Argument) -> bool {
    callback.role == Role::Join
        && argument.role == ArgumentRole::Context
        && context_hint(callback, argument, "Join").is_some_and(|hint| hint.name == "SecondOfJoin")
}

/// The trait that the argument's type has to have.
pub(super) fn asked(callback: &Callback, argument: &Argument, lifetime: &Lifetime) -> TokenStream {
    let socket = served(callback)
        .map_or_else(|| socket_parameter().into_token_stream(), ToTokens::to_token_stream);
    match (callback.role, &argument.role) {
        (_, ArgumentRole::Parameter(_)) => code!(_phx::FromTopic),
        (Role::Connect, ArgumentRole::Context) => match context_hint(callback, argument, "Connect")
        {
            Some(Hint { name, of: None }) => code!(_phx::hints::#name<#lifetime>),
            Some(Hint { name, of: Some(of) }) => code!(_phx::hints::#name<#lifetime, #of>),
            None => code!(_phx::FromConnect<#lifetime>),
        },
        (Role::Join, ArgumentRole::Context) => match context_hint(callback, argument, "Join") {
            Some(Hint { name, of: None }) => code!(_phx::hints::#name<#lifetime, #socket>),
            Some(Hint { name, of: Some(of) }) if name == "SecondOfJoin" => {
                let ty = if lifetime.ident == "_" {
                    inferred(&argument.ty, &callback.sig)
                } else {
                    named(&argument.ty, &callback.sig, &lifetime.to_string())
                };
                code!(_phx::hints::#name<#lifetime, #socket, #ty, #of>)
            }
            Some(Hint { name, of: Some(of) }) => code!(_phx::hints::#name<#lifetime, #socket, #of>),
            None => code!(_phx::FromJoin<#lifetime, #socket>),
        },
        (role, ArgumentRole::Context) if role.is_raw() => {
            let hint = raw_hint(argument).map(|name| code!(_phx::raw_hints::#name<#lifetime>));
            hint.unwrap_or_else(|| code!(_phx::FromRaw<#lifetime>))
        }
        (_, ArgumentRole::Context) => match context_hint(callback, argument, "Handler") {
            Some(Hint { name, of: None }) => code!(_phx::hints::#name<#lifetime>),
            Some(Hint { name, of: Some(of) }) => code!(_phx::hints::#name<#lifetime, #of>),
            None => code!(_phx::FromEvent<#lifetime>),
        },
        (Role::Connect, _) => params_hint(&argument.ty)
            .map_or_else(|| code!(_phx::FromParams), |name| code!(_phx::hints::#name)),
        (Role::Terminate | Role::RawTerminate, _) => code!(_phx::FromReason),
        (Role::RawIn, _) => code!(_phx::FromFrame<#lifetime>),
        (Role::RawControl, _) => code!(_phx::FromControl),
        (role, _) => match payload_hint(role, &argument.ty) {
            Some(Hint { name, of: None }) => code!(_phx::hints::#name),
            Some(Hint { name, of: Some(of) }) => code!(_phx::hints::#name<#of>),
            None => code!(_phx::FromPayload),
        },
    }
}

/// A trait of `hints`, and the other type that its message names.
struct Hint {
    name: Ident,
    of: Option<TokenStream>,
}

impl Hint {
    fn new(name: &str, of: Option<TokenStream>) -> Self {
        Self { name: Ident::new(name, Span::mixed_site()), of }
    }
}

/// The socket whose state a `#[join]` borrows, if it does: what is called so, or is the first that it borrows.
pub(super) fn served(callback: &Callback) -> Option<&Type> {
    let users = callback.arguments.iter().filter_map(|it| borrowed_user(callback, it));
    let called_so = |ty: &&Type| last_name(ty).is_some_and(|name| name.ends_with("Socket"));
    users.clone().find(called_so).or_else(|| users.clone().next())
}

/// Whether an argument is the state of the connection.
fn is_user(callback: &Callback, argument: &Argument) -> bool {
    let user = borrowed_user(callback, argument);
    user.is_some_and(|user| served(callback).is_some_and(|served| std::ptr::eq(user, served)))
}

/// What an argument of `#[join]` borrows, if that may be the connection's state.
fn borrowed_user<'a>(callback: &Callback, argument: &'a Argument) -> Option<&'a Type> {
    let borrowed = reference(&argument.ty).filter(|it| it.mutability.is_none())?;
    let may_be = callback.role == Role::Join
        && argument.role == ArgumentRole::Context
        && matches!(unwrapped(&borrowed.elem), Type::Path(_))
        && context_hint(callback, argument, "Join").is_none()
        && !is_shared_everywhere(&argument.ty)
        && !is_of_libraries(&borrowed.elem);
    may_be.then_some(&*borrowed.elem)
}

/// Whether an argument of `#[join]` can be there for some sockets and not for others, as far as its
/// spelling tells.
pub(super) fn depends_on_socket(callback: &Callback, argument: &Argument) -> bool {
    match context_hint(callback, argument, "Join") {
        None => !is_shared_everywhere(&argument.ty),
        Some(_) => is_second_of_join(callback, argument) && !is_of_libraries(&argument.ty),
    }
}

/// `&Topic` and `&Endpoint`, which every join has.
fn is_shared_everywhere(ty: &Type) -> bool {
    reference(ty)
        .and_then(|it| last_name(&it.elem))
        .is_some_and(|name| ["Topic", "Endpoint"].contains(&name.as_str()))
}

/// Types that other libraries have, spelt as there.
fn is_of_libraries(ty: &Type) -> bool {
    let known = [
        "Arc", "BTreeMap", "Box", "HashMap", "Map", "Mutex", "Payload", "Rc", "RwLock", "String",
        "Uuid", "Value", "Vec", "bool", "char", "f32", "f64", "i32", "i64", "str", "u16", "u32",
        "u64", "u8", "usize",
    ];
    last_name(ty).is_some_and(|name| known.contains(&name.as_str()))
}

fn context_hint(callback: &Callback, argument: &Argument, place: &str) -> Option<Hint> {
    let borrowed = reference(&argument.ty);
    let shared = borrowed.is_some_and(|it| it.mutability.is_none());
    let name = last_name(borrowed.map_or(&argument.ty, |it| &it.elem)).unwrap_or_default();
    let known = |topic: &str| Some(Hint::new(&format!("{topic}Of{place}"), None));
    // A text of this name was meant to be what has the name.
    if ["str", "String"].contains(&name.as_str()) && place != "Connect" {
        match argument.local.to_string().as_str() {
            "topic" => return known("Topic"),
            "event" | "event_name" if place == "Handler" => return known("Name"),
            _ => {}
        }
    }
    // What is cheap to clone is not shared in an `Arc` here.
    let within = ["Arc", "Box", "Rc"].iter().find_map(|outer| argument_of(outer, &argument.ty));
    if let Some(within) = within.and_then(last_name)
        && ["Socket", "Topic", "Endpoint", "Presence"].contains(&within.as_str())
    {
        return known(&within);
    }
    match (name.as_str(), place) {
        ("Socket", "Handler")
        | ("Topic", "Handler" | "Join")
        | ("ConnectInfo", "Connect")
        | ("Endpoint", _)
            if shared =>
        {
            None
        }
        ("ReplyRef", "Handler") => None,
        ("Option", "Handler") if spelled(&argument.ty).contains("ReplyRef") => None,
        ("Topic", "Connect") => known("Socket"),
        ("Params", "Connect") if borrowed.is_some() => {
            let ty = inferred(borrowed.map_or(&argument.ty, |it| &it.elem), &callback.sig);
            Some(Hint::new("LentOfConnect", Some(code!(#ty))))
        }
        ("Event", "Handler") | ("Event" | "ReplyRef", "Join") => known("Event"),
        ("ConnectInfo", _) | ("Params", "Handler" | "Join") => known("Info"),
        ("Socket" | "Topic" | "Endpoint" | "Presence" | "State", _) => known(&name),
        ("Reply", "Handler") => known("Reply"),
        (name, "Handler") if name.ends_with("Socket") => known("User"),
        (name, "Join")
            if !shared && name.ends_with("Socket")
                || borrowed.is_some_and(|it| it.mutability.is_some())
                    && is_spelt_as_type(name)
                    && borrowed.is_some_and(|it| !is_of_libraries(&it.elem)) =>
        {
            let ty = inferred(borrowed.map_or(&argument.ty, |it| &it.elem), &callback.sig);
            Some(Hint::new("UserOfJoin", Some(code!(#ty))))
        }
        (_, place) => unknown(callback, argument, place),
    }
}

/// Of a handler of a socket without channels.
fn raw_hint(argument: &Argument) -> Option<Ident> {
    let borrowed = reference(&argument.ty);
    let shared = borrowed.is_some_and(|it| it.mutability.is_none());
    let name = last_name(borrowed.map_or(&argument.ty, |it| &it.elem))?;
    let kind = match name.as_str() {
        "Connection" | "Endpoint" if shared => return None,
        "Socket" | "Topic" | "Event" | "ReplyRef" => "Socket",
        "ConnectInfo" | "Params" => "Info",
        "Connection" | "Endpoint" | "State" | "Presence" => &name,
        _ => return None,
    };
    Some(Ident::new(&format!("{kind}OfRaw"), Span::mixed_site()))
}

/// An argument whose name says nothing: a second one that is owned, or the only one and not owned.
fn unknown(callback: &Callback, argument: &Argument, place: &str) -> Option<Hint> {
    match (callback.subject(), reference(&argument.ty)) {
        (Some(first), None) => {
            let first = inferred(&first.ty, &callback.sig);
            Some(Hint::new(&format!("SecondOf{place}"), Some(code!(#first))))
        }
        (first, Some(borrowed))
            if first.is_none() && place != "Join"
                || (first.is_none() || place == "Join") && is_of_libraries(&borrowed.elem) =>
        {
            let owned = match unwrapped(&borrowed.elem) {
                Type::Slice(_) => code!(_phx::Binary),
                elem if spelled(elem) == "str" => code!(_phx::String),
                elem => {
                    let ty = inferred(elem, &callback.sig);
                    code!(#ty)
                }
            };
            Some(Hint::new(&format!("LentOf{place}"), Some(owned)))
        }
        (Some(_), Some(borrowed)) if place != "Join" => match unwrapped(&borrowed.elem) {
            Type::Path(path) if !path.path.is_ident("str") => {
                let ty = inferred(&borrowed.elem, &callback.sig);
                Some(Hint::new(&format!("BorrowedOf{place}"), Some(code!(#ty))))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Of what `#[connect]` takes first.
fn params_hint(ty: &Type) -> Option<Ident> {
    let hint = match last_name(ty)?.as_str() {
        "ConnectInfo" => "InfoAsParams",
        "Endpoint" => "EndpointAsParams",
        "State" => "StateAsParams",
        "Presence" => "PresenceAsParams",
        _ => return None,
    };
    Some(Ident::new(hint, Span::mixed_site()))
}

fn payload_hint(role: Role, ty: &Type) -> Option<Hint> {
    let name = last_name(ty)?;
    let hint = match name.as_str() {
        "ConnectInfo" | "Params" if role == Role::Join => "ParamsAsPayload",
        "ConnectInfo" | "Params" => "InfoAsPayload",
        "State" | "Event" | "ReplyRef" => "ContextAsPayload",
        "Socket" | "Topic" | "Endpoint" | "Presence" => {
            return Some(Hint::new(&format!("{name}AsPayload"), None));
        }
        name if WRAPPERS.contains(&name) => {
            let inner = argument_of(name, ty)?;
            return Some(Hint::new("WrappedPayload", Some(code!(#inner))));
        }
        _ => return None,
    };
    Some(Hint::new(hint, None))
}

fn last_name(ty: &Type) -> Option<String> {
    match unwrapped(ty) {
        Type::Path(path) => last_segment(&path.path).map(ToString::to_string),
        _ => None,
    }
}
