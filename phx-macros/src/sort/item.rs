//! The members of an item, by what they are for.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::{Attribute, FnArg, Type, TypePath};

use super::{callback::callback, state::state};
use crate::{
    args::{ChannelArgs, RouteArg, SocketArgs},
    diag::{Errors, nearest},
    item::{Function, Item, Member},
    lints,
    marks::{Home, Marked, Role, in_impl_of_module, on_other_members, second_macro, take_mark},
    model::{Channel, Common, Socket, State},
    syntax::{is, take, unwrapped},
};

/// Takes our attributes off the item and reads what they mark.
pub(crate) fn channel(args: ChannelArgs, item: &mut Item, errors: &Errors) -> Channel {
    let names = args.patterns.first().map_or(&[][..], |pattern| &pattern.names);
    let common = common(Home::Channel, names, item, errors);
    Channel { common, has_topic_function: item.defines("topic"), args }
}

/// Takes our attributes off the item and reads what they mark.
pub(crate) fn socket(args: SocketArgs, item: &mut Item, errors: &Errors) -> Socket {
    let routes = routes(item, errors);
    let unknown = unknown(&routes, item);
    Socket { common: common(Home::Socket, &[], item, errors), args, routes, unknown }
}

/// The names among the routes that a module does not know; of an `impl` block, none.
fn unknown(routes: &[RouteArg], item: &Item) -> Vec<Ident> {
    if !item.is_module() {
        return Vec::new();
    }
    let names = routes.iter().filter_map(|route| match unwrapped(&route.channel) {
        Type::Path(TypePath { qself: None, path, .. }) => path.segments.first().filter(|first| {
            let names_a_type = first.ident.to_string().starts_with(char::is_uppercase);
            path.leading_colon.is_none() && names_a_type
        }),
        _ => None,
    });
    names.map(|first| &first.ident).filter(|name| !item.knows(name)).cloned().collect()
}

fn routes(item: &mut Item, errors: &Errors) -> Vec<RouteArg> {
    let meant = |attr: &mut Attribute| {
        let name = attr.path().get_ident().map(ToString::to_string);
        name.is_some_and(|name| name != "channel" && nearest(&name, ["channels"]).is_some())
    };
    let mut lists: Vec<_> = item.attrs.extract_if(.., meant).collect();
    for attr in lists.iter().filter(|attr| !is(attr, "channels")) {
        let name = attr.path().to_token_stream();
        errors.at(attr.path(), format!("there is no `#[{name}]`: write `#[channels(..)]`"));
    }
    lists.extend(take(&mut item.attrs, "channels"));
    let mut lists = lists.into_iter();
    let Some(first) = lists.next() else { return Vec::new() };
    let is_alone = lists.len() == 0;
    for second in lists {
        errors.at(second, "a socket has one `#[channels(..)]`: its order is the matching order");
    }
    let Ok(list) = first.meta.require_list() else {
        errors.at(&first, "expected a list: `#[channels(RoomChannel)]`");
        return Vec::new();
    };
    if list.tokens.is_empty() && is_alone {
        let message =
            "expected channels: `#[channels(RoomChannel)]`; a socket without any leaves this out";
        errors.at(&first, message);
    }
    RouteArg::read(list.tokens.clone(), errors)
}

/// `names` are the topic parameters.
fn common(home: Home, names: &[String], item: &mut Item, errors: &Errors) -> Common {
    let (title, is_module) = (item.title(), item.is_module());
    let state = state(home, item, errors);
    second_macro(item, home, errors);
    let mut is_typing = on_other_members(item, errors) | in_impl_of_module(item, errors);
    let mut callbacks = Vec::new();
    let mut unmarked = Vec::new();
    for member in &mut item.members {
        let Member::Function(function) = member else { continue };
        let mark = match take_mark(function, home, errors) {
            Marked::As(mark) if !function.is_unfinished() => mark,
            Marked::As(_) | Marked::Wrongly => {
                is_typing = true;
                continue;
            }
            Marked::Not => {
                unmarked.push(function.sig.ident.clone());
                continue;
            }
        };
        if is_module && is_method(function, mark.role, state.as_ref(), errors) {
            continue;
        }
        let callback = callback(function, *mark, is_module, names, errors);
        function.allow = lints::allow(&callback);
        callbacks.push(callback);
    }
    Common { home, state, callbacks, is_module, title, unmarked, is_typing }
}

/// Has a function of a module that takes a `self` printed as a method of the state, where `self` is
/// known; returns whether that was reported as a mistake.
fn is_method(function: &mut Function, role: Role, state: Option<&State>, errors: &Errors) -> bool {
    let (Some(state), Some(FnArg::Receiver(this))) = (state, function.sig.inputs.first()) else {
        return false;
    };
    function.method_of = Some(Box::new(state.ty.clone()));
    if role.makes_state() {
        // There is no state yet, which is told of where that is judged.
        return false;
    }
    let (mutable, name) = (if role == Role::Id { "" } else { "mut " }, state.name());
    errors.at(this, format!("in a module the state is an argument: `state: &{mutable}{name}`"));
    true
}
