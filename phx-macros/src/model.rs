//! Sockets and channels as they were declared, before anything about them is judged.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::{
    Attribute, FnArg, Generics, Pat, ReceiverKind, ReturnType, Signature, Type, TypeReference,
    ext::IdentExt, parse::Parser, parse_quote,
};

use crate::{
    args::{ChannelArgs, Events, RouteArg, SocketArgs},
    diag::Errors,
    item::{Head, Item, Member},
    marks::{self, Home, Mark, Role, take_marks},
};

pub(crate) struct Channel {
    pub(crate) args: ChannelArgs,
    pub(crate) common: Common,
    /// Whether the application has a function `topic` itself.
    pub(crate) has_topic_function: bool,
}

pub(crate) struct Socket {
    pub(crate) args: SocketArgs,
    pub(crate) common: Common,
    pub(crate) routes: Vec<RouteArg>,
}

/// What sockets and channels have in common.
pub(crate) struct Common {
    pub(crate) home: Home,
    pub(crate) state: Option<State>,
    pub(crate) callbacks: Vec<Callback>,
    pub(crate) is_module: bool,
    /// Where to point when something is missing.
    pub(crate) title: TokenStream,
    /// Whether a callback is `#[deprecated]`.
    pub(crate) has_deprecated: bool,
    /// Functions without a mark.
    pub(crate) unmarked: Vec<Ident>,
    /// Whether a function may be a callback and is not read as one, because it is still being typed
    /// or its mark was refused.
    pub(crate) is_typing: bool,
}

/// The type that the traits are implemented for.
pub(crate) struct State {
    pub(crate) ty: Type,
    pub(crate) generics: Generics,
}

/// One marked function.
pub(crate) struct Callback {
    pub(crate) role: Role,
    /// The attribute's name, where it was written.
    pub(crate) mark: Ident,
    pub(crate) sig: Signature,
    pub(crate) cfgs: Vec<Attribute>,
    /// For `#[handle_in]` and `#[handle_out]`.
    pub(crate) events: Option<Events>,
    pub(crate) receiver: Receiver,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) output: Option<Type>,
}

/// How a callback takes the state.
pub(crate) enum Receiver {
    Missing,
    Owned,
    /// `&self`, `&mut self`, or in a module a reference to this type in the first place.
    Borrowed {
        exclusive: bool,
        written: Option<Box<Type>>,
    },
}

pub(crate) struct Argument {
    /// A name for the value in generated code.
    pub(crate) local: Ident,
    pub(crate) ty: Type,
    pub(crate) role: ArgumentRole,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum ArgumentRole {
    /// The topic parameter of this name.
    Parameter(String),
    /// What arrived: payload, message, reason, connection parameters.
    Subject,
    /// Found by its type.
    Context,
}

impl Channel {
    pub(crate) fn read(args: ChannelArgs, item: &mut Item, errors: &Errors) -> Self {
        let names = args.patterns.first().map_or(&[][..], |pattern| &pattern.names);
        let common = Common::read(Home::Channel, names, item, errors);
        Self { common, has_topic_function: item.defines("topic"), args }
    }
}

impl Socket {
    pub(crate) fn read(args: SocketArgs, item: &mut Item, errors: &Errors) -> Self {
        let mut routes = Vec::new();
        let mut lists = marks::take(&mut item.attrs, "channels").into_iter();
        if let Some(list) = lists.next() {
            match list.meta.require_list() {
                Ok(list) => routes = RouteArg::read(list.tokens.clone(), errors),
                Err(_) => errors.at(&list, "expected a list: `#[channels(RoomChannel)]`"),
            }
        }
        for second in lists {
            errors
                .at(second, "a socket has one `#[channels(..)]`: its order is the matching order");
        }
        Self { common: Common::read(Home::Socket, &[], item, errors), args, routes }
    }
}

impl Common {
    /// Takes our attributes off the item and reads what they mark; `names` are the topic
    /// parameters.
    fn read(home: Home, names: &[String], item: &mut Item, errors: &Errors) -> Self {
        let is_module = item.is_module();
        let state = state(home, item, errors);
        marks::reject_second_macro(item, home, errors);
        let mut is_typing = marks::reject_marks(item, errors);
        let mut callbacks = Vec::new();
        let mut unmarked = Vec::new();
        let mut has_deprecated = false;
        for member in &mut item.members {
            let Member::Function(function) = member else {
                continue;
            };
            let count = function.attrs.len();
            let mut marks = take_marks(function, home, errors).into_iter();
            let Some(mark) = marks.next() else {
                // What was meant as a mark has been reported.
                if function.attrs.len() == count {
                    unmarked.push(function.sig.ident.clone());
                } else {
                    is_typing = true;
                }
                continue;
            };
            if function.is_unfinished() {
                is_typing = true;
                continue;
            }
            for second in marks {
                let message = marks::second_mark(&function.sig.ident, &mark, &second);
                errors.at(second.attr, message);
            }
            function.allow = allow(&function.sig, mark.role);
            if let (true, Some(state), Some(FnArg::Receiver(this))) =
                (is_module, &state, function.sig.inputs.first())
            {
                function.method_of = Some(Box::new(state.ty.clone()));
                if !mark.role.makes_state() {
                    let mutable = if mark.role == Role::Id { "" } else { "mut " };
                    let name = state.name();
                    let message =
                        format!("in a module the state is an argument: `state: &{mutable}{name}`");
                    errors.at(this, message);
                    continue;
                }
            }
            has_deprecated |= function.attrs.iter().any(|attr| marks::is(attr, "deprecated"));
            let cfgs = function.attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
            let cfgs = cfgs.cloned().collect();
            callbacks.push(callback(&function.sig, mark, cfgs, is_module, names, errors));
        }
        Self {
            home,
            state,
            callbacks,
            is_module,
            title: item.title(),
            has_deprecated,
            unmarked,
            is_typing,
        }
    }

    /// What the application calls the state in its functions.
    pub(crate) fn state_name(&self) -> String {
        match &self.state {
            Some(state) if self.is_module => state.name(),
            Some(_) => "Self".to_owned(),
            None => "State".to_owned(),
        }
    }

    /// Whether the function is there without which there is nothing to generate.
    pub(crate) fn has_constructor(&self) -> bool {
        self.callbacks(self.home.constructor()).next().is_some()
    }

    pub(crate) fn callbacks(&self, role: Role) -> impl Iterator<Item = &Callback> + Clone {
        self.callbacks.iter().filter(move |callback| callback.role == role)
    }
}

impl State {
    /// `RoomChannel` for `crate::rooms::RoomChannel<T>`.
    pub(crate) fn name(&self) -> String {
        let name = match unwrapped(&self.ty) {
            Type::Path(path) => marks::last_segment(&path.path).map(ToString::to_string),
            _ => None,
        };
        name.unwrap_or_else(|| self.ty.to_token_stream().to_string())
    }
}

impl Callback {
    /// The argument that takes what arrived.
    pub(crate) fn subject(&self) -> Option<&Argument> {
        self.arguments.iter().find(|argument| argument.role == ArgumentRole::Subject)
    }

    pub(crate) fn name(&self) -> &Ident {
        &self.sig.ident
    }

    /// Where its arguments stand.
    pub(crate) fn parentheses(&self) -> Span {
        self.sig.paren_token.span.join()
    }
}

/// Allows what clippy's pedantic lints say of a shape that phx demands, used or not.
fn allow(sig: &Signature, role: Role) -> TokenStream {
    let state = usize::from(!role.makes_state());
    let lints = [
        (sig.asyncness.is_some(), "unused_async"),
        (matches!(sig.inputs.first(), Some(FnArg::Receiver(_))), "unused_self"),
        (sig.inputs.len() > state, "needless_pass_by_value"),
        (sig.inputs.len() >= state.max(1), "trivially_copy_pass_by_ref"),
        (role.makes_state(), "unnecessary_wraps"),
    ];
    let lints = lints.iter().filter(|(concerned, _)| *concerned);
    let lints = lints.map(|(_, name)| Ident::new(name, Span::mixed_site()));
    let span = Span::mixed_site();
    quote_spanned!(span=> #[allow(#(clippy::#lints),*)])
}

/// `Self` of the `impl` block, or the module's `#[assigns]` type.
fn state(home: Home, item: &mut Item, errors: &Errors) -> Option<State> {
    if let Head::Impl { generics, ty, .. } = &item.head {
        let state = State { ty: (**ty).clone(), generics: (**generics).clone() };
        for attr in marks::take(&mut item.attrs, "assigns") {
            errors.at(attr, "`#[assigns]` is for modules: here the state is `Self`");
        }
        return Some(state);
    }
    let mut found: Option<Ident> = None;
    let mut marked = false;
    for member in &mut item.members {
        let Member::Other(other) = member else {
            continue;
        };
        for attr in marks::take(&mut other.attrs, "assigns") {
            marked = true;
            match (other.declared_type(), &found) {
                (None, _) => errors.at(attr, "`#[assigns]` goes on a `struct` or `enum`"),
                (Some((name, true)), _) => {
                    let macro_name = home.name();
                    errors.at(
                        &name,
                        format!(
                            "the state of a module cannot be generic: \
                             put `#[{macro_name}(..)]` on an `impl<..> {name}<..>` block instead"
                        ),
                    );
                }
                (Some((second, _)), Some(first)) => {
                    errors.at(second, "a module has one `#[assigns]` type");
                    errors.at(first, "the first `#[assigns]` type is this");
                }
                (Some((name, false)), None) => found = Some(name),
            }
        }
    }
    if !marked && !marks::reject_conditional_state(item, errors) {
        errors.at(item.title(), "mark the type holding this module's state with `#[assigns]`");
    }
    let ty = found?;
    Some(State { ty: parse_quote!(#ty), generics: Generics::default() })
}

fn callback(
    sig: &Signature,
    mark: Mark,
    cfgs: Vec<Attribute>,
    is_module: bool,
    names: &[String],
    errors: &Errors,
) -> Callback {
    let role = mark.role;
    let events = match role {
        Role::HandleIn | Role::HandleOut => Events::read(&mark.attr, &mark.name, errors),
        _ => {
            if mark.attr.meta.require_path_only().is_err() {
                errors.at(&mark.attr, format!("`#[{}]` takes no arguments", mark.name));
            }
            None
        }
    };
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
        sig: sig.clone(),
        cfgs,
        events,
        receiver,
        arguments: arguments(role, inputs, names),
        output: match &sig.output {
            ReturnType::Default => None,
            ReturnType::Type(_, ty) => Some((**ty).clone()),
        },
    }
}

/// Sorts arguments by the rule of the language: topic parameters by name, the first owned one is
/// what arrived, the rest is context. In generated code they keep the names that they have here.
fn arguments<'a>(
    role: Role,
    inputs: impl Iterator<Item = &'a FnArg>,
    names: &[String],
) -> Vec<Argument> {
    let arrives = match role {
        Role::Connect | Role::Join => "params",
        Role::Terminate => "reason",
        _ => "payload",
    };
    let mut found: Vec<Argument> = Vec::new();
    for input in inputs {
        let FnArg::Typed(input) = input else { continue };
        let ident = match &*input.pat {
            Pat::Ident(pat) => Some(pat.ident.unraw().to_string()),
            _ => None,
        };
        // `_room_id` is how Rust spells an argument that is not used.
        let written = ident.as_deref().unwrap_or_default();
        let plain = written.trim_start_matches('_');
        let parameter = names.iter().find(|name| [written, plain].contains(&name.as_str()));
        let is_owned = reference(&input.ty).is_none();
        let has_arrived = found.iter().any(|earlier| earlier.role == ArgumentRole::Subject);
        let (role, default) = match parameter {
            Some(name) => (ArgumentRole::Parameter(name.clone()), ""),
            None if is_owned && !has_arrived => (ArgumentRole::Subject, arrives),
            None => (ArgumentRole::Context, ""),
        };
        let taken = |name: &Ident| found.iter().any(|earlier| earlier.local == *name);
        let mut choices = [plain, default].into_iter().filter_map(identifier);
        let local = choices
            .find(|name| !taken(name))
            .unwrap_or_else(|| format_ident!("argument_{}", found.len()));
        found.push(Argument { local, ty: (*input.ty).clone(), role });
    }
    found
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

/// The reference that `ty` is, if it is one.
pub(crate) fn reference(ty: &Type) -> Option<&TypeReference> {
    match unwrapped(ty) {
        Type::Reference(reference) => Some(reference),
        _ => None,
    }
}

/// The type without what `macro_rules` and parentheses wrap around it.
fn unwrapped(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => unwrapped(&group.elem),
        Type::Paren(paren) => unwrapped(&paren.elem),
        ty => ty,
    }
}
