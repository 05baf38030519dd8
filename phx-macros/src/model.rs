//! Sockets and channels as they were declared, before anything about them is judged.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::{Attribute, Generics, Signature, Type};

use crate::{
    args::{ChannelArgs, Events, RouteArg, Setting, SocketArgs},
    marks::{Home, Role},
    syntax::{last_segment, unwrapped},
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
    /// Names in the routes that the socket's module neither declares nor imports.
    pub(crate) unknown: Vec<Ident>,
}

impl Socket {
    /// Whether it handles its clients' messages itself.
    pub(crate) fn is_raw(&self) -> bool {
        self.routes.is_empty() && self.common.callbacks.iter().any(|it| it.role.is_raw())
    }
}

/// What sockets and channels have in common.
pub(crate) struct Common {
    pub(crate) home: Home,
    pub(crate) state: Option<State>,
    pub(crate) callbacks: Vec<Callback>,
    pub(crate) is_module: bool,
    /// Where to point when something is missing.
    pub(crate) title: TokenStream,
    /// Functions without a mark.
    pub(crate) unmarked: Vec<Ident>,
    /// Whether a function may be a callback and is not read as one, because it is still being typed
    /// or its mark was refused.
    pub(crate) is_typing: bool,
}

/// The type that the traits are implemented for.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) ty: Type,
    pub(crate) generics: Generics,
}

/// One marked function.
pub(crate) struct Callback {
    pub(crate) role: Role,
    /// The attribute's name, where it was written.
    pub(crate) mark: Ident,
    pub(crate) attr: Attribute,
    pub(crate) sig: Signature,
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) is_deprecated: bool,
    /// For `#[handle_in]` and `#[handle_out]`.
    pub(crate) events: Option<Events>,
    /// How many of its messages may come, for `#[handle_in]`.
    pub(crate) rate: Option<Setting>,
    pub(crate) receiver: Receiver,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) output: Option<Type>,
    /// Its braces, not looked into.
    pub(crate) body: TokenStream,
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
    /// Its name where it is declared, if that is nothing but a name.
    pub(crate) written: Option<Ident>,
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

impl ArgumentRole {
    /// Whether the type says what the argument is, and not its name.
    pub(crate) fn is_found_by_type(&self) -> bool {
        !matches!(self, Self::Parameter(_))
    }
}

impl Common {
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

    /// Whether a callback is `#[deprecated]`.
    pub(crate) fn has_deprecated(&self) -> bool {
        self.callbacks.iter().any(|callback| callback.is_deprecated)
    }

    pub(crate) fn callbacks(&self, role: Role) -> impl Iterator<Item = &Callback> + Clone {
        self.callbacks.iter().filter(move |callback| callback.role == role)
    }
}

impl State {
    /// `RoomChannel` for `crate::rooms::RoomChannel<T>`.
    pub(crate) fn name(&self) -> String {
        let name = match unwrapped(&self.ty) {
            Type::Path(path) => last_segment(&path.path).map(ToString::to_string),
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
