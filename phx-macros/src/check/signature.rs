//! Rules about a single callback's signature.

use quote::ToTokens;
use syn::{FnArg, GenericParam, Safety, Type};

use crate::{
    diag::Errors,
    marks::Role,
    model::{Callback, Receiver},
};

pub(crate) fn check(callback: &Callback, is_module: bool, errors: &Errors) {
    can_be_called(callback, errors);
    if callback.role.makes_state() {
        takes_no_self(callback, errors);
        returns_the_state(callback, is_module, errors);
    } else {
        borrows_the_state(callback, is_module, errors);
    }
    returns_no_future(callback, errors);
    match callback.role {
        Role::Id => names_the_owner(callback, is_module, errors),
        Role::HandleInfo => takes_a_message(callback, errors),
        Role::Terminate => returns_nothing(callback, errors),
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
        if let FnArg::Typed(input) = input
            && let Type::ImplTrait(ty) = &*input.ty
        {
            errors.at(ty, "a callback names the types it takes: the runtime has none to choose");
        }
    }
    if let Safety::Unsafe(token) = &sig.safety {
        errors.at(token, "a callback cannot be `unsafe`: clients decide when it is called");
    }
}

fn takes_no_self(callback: &Callback, errors: &Errors) {
    if !matches!(callback.receiver, Receiver::Missing) {
        let name = callback.name();
        let this = callback.sig.inputs.first();
        errors.at(this, format!("`{name}` makes the state, so there is no `self` yet"));
    }
}

fn borrows_the_state(callback: &Callback, is_module: bool, errors: &Errors) {
    let name = callback.name();
    match callback.receiver {
        Receiver::Borrowed { .. } => {}
        Receiver::Owned => {
            let message = match callback.role {
                Role::Terminate => "expected `&mut self` or `&self`",
                Role::Id => "expected `&self`: the connection outlives this call",
                _ => "expected `&mut self` or `&self`: the channel outlives this message",
            };
            errors.at(callback.sig.inputs.first(), message);
        }
        Receiver::Missing => {
            let wanted = match (is_module, callback.role) {
                (true, Role::Id) => "takes the state first: `&` and the `#[assigns]` type",
                (true, _) => "takes the state first: `&mut` or `&` and the `#[assigns]` type",
                (false, Role::Id) => "needs `&self`",
                (false, _) => "needs `&mut self` or `&self`",
            };
            errors.span(callback.parentheses(), format!("`{name}` {wanted}"));
        }
    }
}

fn returns_the_state(callback: &Callback, is_module: bool, errors: &Errors) {
    if callback.output.is_some() {
        return;
    }
    let state = if is_module { "State" } else { "Self" };
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
    let is_future = matches!(output, Type::ImplTrait(_))
        && output.to_token_stream().to_string().contains("Future <");
    if is_future && callback.sig.asyncness.is_none() {
        errors.at(output, "write `async fn` instead of returning a future");
    }
}

// The owner's name is asked for between messages, so it is at hand without waiting.
fn names_the_owner(callback: &Callback, is_module: bool, errors: &Errors) {
    let usage = if is_module { "fn id(state: &State) -> String" } else { "fn id(&self) -> String" };
    if let Some(token) = &callback.sig.asyncness {
        errors.at(token, format!("`#[id]` is a plain function: `{usage}`"));
    }
    if let Receiver::Borrowed { exclusive: true, .. } = callback.receiver {
        let this = callback.sig.inputs.first();
        errors.at(this, format!("`#[id]` cannot change the state: `{usage}`"));
    }
    for (argument, input) in callback.arguments.iter().zip(callback.sig.inputs.iter().skip(1)) {
        let _ = argument;
        errors.at(input, format!("`#[id]` takes nothing but the state: `{usage}`"));
    }
    if callback.output.is_none() {
        errors.span(callback.parentheses(), "`#[id]` returns `String` or `Option<String>`");
    }
}

fn takes_a_message(callback: &Callback, errors: &Errors) {
    if callback.subject().is_none() {
        let message = "expected the message as first argument: its type selects this handler";
        errors.span(callback.parentheses(), message);
    }
}

fn returns_nothing(callback: &Callback, errors: &Errors) {
    if let Some(output) = &callback.output
        && !matches!(output, Type::Tuple(unit) if unit.elems.is_empty())
    {
        errors.at(output, "`#[terminate]` returns nothing: the channel has already ended");
    }
}
