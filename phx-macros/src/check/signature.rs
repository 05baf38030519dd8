//! Rules about a single callback's signature.

use quote::ToTokens;
use syn::{
    FnArg, GenericParam, Lifetime, ReceiverKind, Safety, Token, Type, TypeParamBound,
    punctuated::Punctuated,
};

use crate::{
    diag::Errors,
    marks::Role,
    model::{ArgumentRole, Callback, Receiver},
    syntax::{
        argument_of, is_spelt_as_type, is_static, last_segment, lifetime, reference, spelled,
        unwrapped,
    },
};

/// With how many arguments besides the state the runtime can call a callback.
const MOST_ARGUMENTS: usize = 12;

pub(super) fn check(callback: &Callback, state: &str, errors: &Errors) {
    can_be_called(callback, errors);
    if callback.role.makes_state() {
        takes_no_self(callback, state, errors);
        returns_the_state(callback, state, errors);
    } else {
        borrows_the_state(callback, state, errors);
    }
    returns_no_future(callback, errors);
    takes_no_more_than_can_be_called(callback, errors);
    borrows_for_the_call(callback, errors);
    takes_what_is_there(callback, errors);
    match callback.role {
        Role::Id => names_the_owner(callback, state, errors),
        Role::HandleInfo | Role::RawInfo => takes_a_message(callback, errors),
        Role::RawIn | Role::RawControl => takes_what_arrives(callback, errors),
        Role::Terminate | Role::RawTerminate => {
            returns_nothing(callback, errors);
            takes_no_payload(callback, errors);
        }
        _ => {}
    }
}

// The runtime has no types to choose and no promises to keep for the callback.
fn can_be_called(callback: &Callback, errors: &Errors) {
    let sig = &callback.sig;
    for param in &sig.generics.params {
        if !matches!(param, GenericParam::Lifetime(_)) {
            errors.at(param, "a callback cannot be generic: the runtime has no type to choose");
        }
    }
    for input in &sig.inputs {
        let FnArg::Typed(input) = input else { continue };
        if let Type::ImplTrait(ty) = &*input.ty {
            errors.at(ty, "a callback names the types it takes: the runtime has none to choose");
        }
        for cfg in input.attrs.iter().filter(|attr| attr.path().is_ident("cfg")) {
            errors.at(cfg, "an argument cannot depend on `cfg`: write a function for each case");
        }
    }
    if let Safety::Unsafe(token) = &sig.safety {
        errors.at(token, "a callback cannot be `unsafe`: clients decide when it is called");
    }
    if let Some(abi) = &sig.abi {
        errors.at(abi, format!("a callback is a function of Rust: write `fn {}`", sig.ident));
    }
}

fn takes_no_self(callback: &Callback, state: &str, errors: &Errors) {
    let name = callback.name();
    if !matches!(callback.receiver, Receiver::Missing) {
        let this = callback.sig.inputs.first();
        errors.at(this, format!("`{name}` makes the state, so there is no `self` yet"));
    }
    let this = callback
        .arguments
        .iter()
        .find(|argument| reference(&argument.ty).is_some_and(|it| spelled(&it.elem) == state));
    if let Some(this) = this {
        errors.at(&this.ty, format!("`{name}` makes the state, so there is no `{state}` yet"));
    }
}

fn borrows_the_state(callback: &Callback, state: &str, errors: &Errors) {
    let name = callback.name();
    match callback.receiver {
        Receiver::Borrowed { .. } => {
            let lifetime = callback.sig.inputs.first().and_then(lifetime_of);
            if let Some(lifetime) = lifetime.filter(|it| it.ident == "static") {
                errors.at(lifetime, "this is borrowed for the call alone: leave the lifetime out");
            }
        }
        Receiver::Owned => {
            let message = match callback.role {
                Role::Terminate | Role::RawTerminate => "expected `&mut self` or `&self`",
                role if role.is_raw() => {
                    "expected `&mut self` or `&self`: the connection outlives this call"
                }
                Role::Id => "expected `&self`: the connection outlives this call",
                _ => "expected `&mut self` or `&self`: the channel outlives this message",
            };
            errors.at(callback.sig.inputs.first(), message);
        }
        Receiver::Missing => {
            let wanted = match (state, callback.role) {
                ("Self", Role::Id) => "needs `&self`".to_owned(),
                ("Self", _) => "needs `&mut self` or `&self`".to_owned(),
                (state, Role::Id) => format!("takes a reference to the state first: `&{state}`"),
                (state, _) => {
                    format!("takes a reference to the state first: `&mut {state}` or `&{state}`")
                }
            };
            errors.span(callback.parentheses(), format!("`{name}` {wanted}"));
        }
    }
}

/// The lifetime for which a function borrows its first argument.
fn lifetime_of(input: &FnArg) -> Option<&Lifetime> {
    match input {
        FnArg::Receiver(this) => match &this.kind {
            ReceiverKind::Reference(_, lifetime, _) => lifetime.as_ref(),
            ReceiverKind::Typed(_, ty) => reference(ty)?.lifetime.as_ref(),
            _ => None,
        },
        FnArg::Typed(input) => reference(&input.ty)?.lifetime.as_ref(),
    }
}

fn returns_the_state(callback: &Callback, state: &str, errors: &Errors) {
    if callback.output.is_some() {
        return;
    }
    let message = match callback.role {
        Role::Connect => format!("`#[connect]` returns `Result<{state}, ConnectError>`"),
        _ => format!(
            "`#[join]` returns `Result<{state}, JoinError>` or `Result<Joined<{state}>, JoinError>`"
        ),
    };
    errors.span(callback.parentheses(), message);
}

fn returns_no_future(callback: &Callback, errors: &Errors) {
    let Some(output) = &callback.output else {
        return;
    };
    let bounds = match boxed(output) {
        Type::ImplTrait(opaque) => &opaque.bounds,
        Type::TraitObject(object) => &object.bounds,
        _ => return,
    };
    if has_bound(bounds, "Future") && callback.sig.asyncness.is_none() {
        errors.at(output, "write `async fn` instead of returning a future");
    }
}

fn has_bound(bounds: &Punctuated<TypeParamBound, Token![+]>, name: &str) -> bool {
    bounds.iter().any(|bound| match bound {
        TypeParamBound::Trait(bound) => last_segment(&bound.path).is_some_and(|it| it == name),
        _ => false,
    })
}

/// What is in a `Pin<Box<..>>`.
fn boxed(ty: &Type) -> &Type {
    match argument_of("Pin", ty).or_else(|| argument_of("Box", ty)) {
        Some(inner) => boxed(inner),
        None => unwrapped(ty),
    }
}

// The owner's name is asked for between messages, so it is at hand without waiting.
fn names_the_owner(callback: &Callback, state: &str, errors: &Errors) {
    let usage = match state {
        "Self" => "fn id(&self) -> String".to_owned(),
        state => format!("fn id(state: &{state}) -> String"),
    };
    if let Some(token) = &callback.sig.asyncness {
        errors.at(token, format!("`#[id]` is a plain function: `{usage}`"));
    }
    if let Receiver::Borrowed { exclusive: true, .. } = callback.receiver {
        let this = callback.sig.inputs.first();
        errors.at(this, format!("`#[id]` cannot change the state: `{usage}`"));
    }
    let has_state = usize::from(!matches!(callback.receiver, Receiver::Missing));
    for input in callback.sig.inputs.iter().skip(has_state) {
        errors.at(input, format!("`#[id]` takes nothing but the state: `{usage}`"));
    }
    if callback.output.is_none() {
        errors.span(callback.parentheses(), "`#[id]` returns `String` or `Option<String>`");
    }
}

fn takes_no_more_than_can_be_called(callback: &Callback, errors: &Errors) {
    if callback.arguments.len() > MOST_ARGUMENTS {
        let (who, found) = match callback.role {
            Role::Connect => ("`#[connect]`", "FromConnect"),
            Role::Join => ("`#[join]`", "FromJoin"),
            role if role.is_raw() => ("a handler", "FromRaw"),
            _ => ("a handler", "FromEvent"),
        };
        let message = format!(
            "{who} takes up to {MOST_ARGUMENTS} arguments: join several of the context in a type \
             that implements `{found}`"
        );
        errors.span(callback.parentheses(), message);
    }
}

// What arrived is decoded into a value that borrows from nothing; what is borrowed belongs to the
// call.
fn borrows_for_the_call(callback: &Callback, errors: &Errors) {
    for argument in &callback.arguments {
        let ty = &argument.ty;
        let borrowed = reference(ty);
        match &argument.role {
            ArgumentRole::Parameter(name) if borrowed.is_some() => {
                errors.at(
                    ty,
                    format!("topic parameter `{name}` is taken by value: `{name}: String`"),
                );
            }
            ArgumentRole::Subject
                if !matches!(callback.role, Role::HandleInfo | Role::Terminate)
                    && !callback.role.is_raw()
                    && lifetime(ty.to_token_stream()).is_some() =>
            {
                let message = "what arrives is decoded into a type without lifetimes: own the text, \
                               `String` instead of `&str`";
                errors.at(ty, message);
            }
            ArgumentRole::Context => {
                let Some(borrowed) = borrowed else { continue };
                // Anything else is no context, whatever its lifetime is.
                if is_static(borrowed) && is_lent_to(callback, &borrowed.elem) {
                    let ty = spelled(&borrowed.elem);
                    let message = format!("this is borrowed for the call alone: write `&{ty}`");
                    errors.at(&borrowed.lifetime, message);
                }
            }
            _ => {}
        }
    }
}

// What is always there is no option, and what is never there is a call that always fails.
fn takes_what_is_there(callback: &Callback, errors: &Errors) {
    let answers = matches!(callback.role, Role::HandleIn);
    for argument in callback.arguments.iter().filter(|it| it.role.is_found_by_type()) {
        let ty = &argument.ty;
        let optional = argument_of("Option", ty);
        if let Some(shared) = optional.filter(|it| argument_of("State", it).is_some()) {
            let shared = spelled(shared);
            let message =
                format!("a state is always there, or the endpoint is not built: write `{shared}`");
            errors.at(ty, message);
        } else if let Some(lent) =
            optional.filter(|it| reference(it).is_some_and(|it| is_lent_to(callback, &it.elem)))
        {
            errors.at(ty, format!("this is always there: write `{}`", spelled(lent)));
        } else if let Some(Type::TraitObject(object)) = argument_of("State", ty).map(unwrapped) {
            let message = format!(
                "a state has a size: register and take it in an `Arc`, `State<Arc<{}>>`",
                spelled(object)
            );
            errors.at(ty, message);
        } else if argument.role == ArgumentRole::Context
            && !answers
            && is_reply_ref(optional.unwrap_or(ty))
            && matches!(callback.role, Role::HandleOut | Role::HandleInfo | Role::Terminate)
        {
            let message = "only a message of the client has a reply: `ReplyRef` is there in `#[handle_in]`; keep it in \
                           the channel, or send it along in a message, to answer later";
            errors.at(ty, message);
        }
    }
}

fn is_reply_ref(ty: &Type) -> bool {
    matches!(unwrapped(ty), Type::Path(path) if last_segment(&path.path).is_some_and(|it| it == "ReplyRef"))
}

/// What a callback borrows from its call.
const LENT: &[&str] = &["Topic", "Event", "Endpoint", "ConnectInfo", "Connection"];

/// Whether a callback borrows a type from its call; what `#[join]` borrows is its socket, whatever that is called.
fn is_lent_to(callback: &Callback, ty: &Type) -> bool {
    let is_named = matches!(unwrapped(ty), Type::Path(path)
        if last_segment(&path.path).is_some_and(|name| is_spelt_as_type(&name.to_string())));
    is_lent(ty) || callback.role == Role::Join && is_named
}

/// Whether a type is one of these, or a channel's or a connection's socket, as far as its name tells.
fn is_lent(ty: &Type) -> bool {
    let Type::Path(path) = unwrapped(ty) else { return false };
    let name = last_segment(&path.path).map(ToString::to_string).unwrap_or_default();
    name.ends_with("Socket") || LENT.contains(&name.as_str())
}

// Its type chooses which messages of the client come to the handler.
fn takes_what_arrives(callback: &Callback, errors: &Errors) {
    if callback.subject().is_some() {
        return;
    }
    let message = match callback.role {
        Role::RawControl => "expected the ping or pong as first argument: `control: Control`",
        _ => {
            "expected the message as first argument: `text: &str` for text, `bytes: Bytes` for binary messages, \
             `frame: Frame` for both"
        }
    };
    errors.span(callback.parentheses(), message);
}

fn takes_a_message(callback: &Callback, errors: &Errors) {
    if let Some(message) = callback.subject() {
        return is_sent_as_a_message(&message.ty, errors);
    }
    // Who wrote arguments at the mark is told there what selects the handler.
    if callback.attr.meta.require_path_only().is_err() {
        return;
    }
    let borrowed = callback.arguments.iter().find_map(|argument| {
        let elem = &reference(&argument.ty)?.elem;
        (!is_lent(elem)).then_some((&argument.ty, elem))
    });
    if let Some((ty, elem)) = borrowed {
        let owned = match spelled(elem).as_str() {
            "str" => "String` or `&'static str".to_owned(),
            elem => elem.to_owned(),
        };
        let message = format!(
            "a message is taken by value, and its type selects this handler: write `{owned}`"
        );
        errors.at(ty, message);
    } else {
        let message = "expected the message as first argument: its type selects this handler";
        errors.span(callback.parentheses(), message);
    }
}

// Nobody sends these, so the handler would never be called.
fn is_sent_as_a_message(ty: &Type, errors: &Errors) {
    let Type::Path(path) = unwrapped(ty) else { return };
    let name = last_segment(&path.path).map(ToString::to_string).unwrap_or_default();
    let message = match name.as_str() {
        "Socket" | "Connection" => {
            format!("this would be the message: it comes first, and `&{name}` after it")
        }
        "ReplyRef" => {
            "a message of the application has no reply: answer the client with `socket.push(..)`"
                .to_owned()
        }
        "Rc" => "a message can come from any thread: `Arc` instead of `Rc`".to_owned(),
        "State" if argument_of("State", ty).is_some() => {
            format!("this would be the message: it comes first, and `{}` after it", spelled(ty))
        }
        "Box" if argument_of("Box", ty).is_some_and(is_anything) => {
            "a message's type selects its handler: write a function for each type that is sent"
                .to_owned()
        }
        _ => return,
    };
    errors.at(ty, message);
}

/// `dyn Any`, under which nothing is sent.
fn is_anything(ty: &Type) -> bool {
    matches!(ty, Type::TraitObject(object) if has_bound(&object.bounds, "Any"))
}

fn takes_no_payload(callback: &Callback, errors: &Errors) {
    if let Some(subject) = callback.subject()
        && spelled(&subject.ty) == "Payload"
    {
        let message = "nothing of the client arrives here: leave this out; the first argument may be `reason: Reason`";
        errors.at(&subject.ty, message);
    }
}

fn returns_nothing(callback: &Callback, errors: &Errors) {
    if let Some(output) = &callback.output
        && !matches!(output, Type::Tuple(unit) if unit.elems.is_empty())
    {
        let what = if callback.role.is_raw() { "connection" } else { "channel" };
        let message = format!("`#[terminate]` returns nothing: the {what} has already ended");
        errors.at(output, message);
    }
}
