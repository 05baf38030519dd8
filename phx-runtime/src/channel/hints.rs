//! Why a type is no argument of a callback: traits that only messages of the compiler are about.
//!
//! `socket: Socket` and `presence: Presence` are no arguments of a handler, and the way out differs from
//! name to name. So `#[channel]` and `#[socket]` look at how a type is spelt, and ask for one of these
//! traits instead of [`FromEvent`], [`FromJoin`], [`FromConnect`] or [`FromPayload`] itself. Whatever has
//! the latter has the former, so what compiles depends on the type alone; only the message depends on its
//! name. (One exception: what `#[join]` takes under one of these names has to be there for every socket.)

use super::context::{ConnectContext, Context, FromConnect, FromEvent, FromJoin, JoinContext};
use crate::{
    connect::params::{FromParams, Params},
    endpoint::Requirements,
    message::{Fault, FromPayload, Payload, PayloadError},
};

/// Traits that everything has that has [`FromEvent`].
macro_rules! of_handlers {
    ($($name:ident $(<$other:ident>)?: $message:tt, $label:tt, $note:tt;)*) => { $(
        #[doc = $label]
        #[diagnostic::on_unimplemented(message = $message, label = $label, note = $note)]
        pub trait $name<'a $(, $other: ?Sized)?>: Sized {
            /// As of the trait below.
            fn from_event(cx: &'a Context) -> Result<Self, Fault>;
            /// As of the trait below.
            fn requires(requirements: &mut Requirements);
        }

        #[diagnostic::do_not_recommend]
        impl<'a, $($other: ?Sized,)? T: FromEvent<'a>> $name<'a $(, $other)?> for T {
            fn from_event(cx: &'a Context) -> Result<Self, Fault> {
                <T as FromEvent<'a>>::from_event(cx)
            }

            fn requires(requirements: &mut Requirements) {
                <T as FromEvent<'a>>::requires(requirements);
            }
        }
    )* };
}

of_handlers! {
    SocketOfHandler:
        "a handler borrows the channel's handle", "write `&Socket`",
        "all its methods take `&self`; a task of its own gets a clone, `socket.clone()`, which is cheap";
    TopicOfHandler:
        "a handler borrows the topic", "write `&Topic`", "clone it to keep it, which is cheap";
    EndpointOfHandler:
        "a handler borrows the endpoint", "write `&Endpoint`", "clone it to keep it, which is cheap";
    PresenceOfHandler:
        "presence is a state of the endpoint", "write `State<Presence>`",
        "`Endpoint::builder().state(Presence::new())` registers it";
    StateOfHandler:
        "`{Self}` cannot be taken by a handler", "a state is taken as `State<T>`, where `T` is `Clone + Send + Sync`",
        "derive `Clone` for it, or register and take it in an `Arc`: `State<Arc<..>>`";
    EventOfHandler:
        "this `{Self}` is not the event of phx", "a type with the same name",
        "the event's name is `phx_runtime::Event`; if this is what arrives, make it the first argument without `&`";
    InfoOfHandler:
        "what a client connected with is known while it connects", "not there in a handler",
        "keep what you need of it in the socket's type in `#[connect]`, and copy that into the channel in `#[join]`";
    UserOfHandler:
        "`{Self}` is not there in a handler", "the connection's state is there in `#[join]`",
        "copy what you need of it into the channel in `#[join]`; the channel's handle is `&Socket`";
    SecondOfHandler<First>:
        "`{Self}` cannot be taken beside `{First}`, which takes what arrives", "not a handler argument",
        "the first argument without `&` is what arrives: put it first, and several values in one type with \
         `#[derive(Deserialize)]`; the others are context: a state of the application as `State<{Self}>`, `&Socket`, \
         `&Event`, `&Topic`, `ReplyRef`, and what implements `FromEvent`";
    NameOfHandler:
        "a handler borrows the event's name", "write `&Event`", "it is used as a `&str`; `event.to_string()` keeps it";
    ReplyOfHandler:
        "a reply is returned, or is given later", "write `-> Reply`, or take a `ReplyRef`",
        "`Reply::ok(value)` is returned at once; `reply.ok(value)` of a `ReplyRef` answers when it is called";
    BorrowedOfHandler<Owned>:
        "`{Self}` is no context of a handler", "a state of the application is taken as `State<{Owned}>`",
        "what arrives is taken first and by value; what is borrowed is `&Socket`, `&Topic`, `&Event` or `&Endpoint`";
    LentOfHandler<Owned>:
        "`{Self}` is no context of a handler", "if this is what arrives, write `{Owned}`",
        "what arrives is taken by value; what is borrowed is context: `&Socket`, `&Topic`, `&Endpoint`";
}

/// Traits that everything has that has [`FromJoin`].
macro_rules! of_joins {
    ($($name:ident $(<$other:ident>)?: $message:tt, $label:tt, $note:tt;)*) => { $(
        #[doc = $label]
        #[diagnostic::on_unimplemented(message = $message, label = $label, note = $note)]
        pub trait $name<'a, S $(, $other: ?Sized)?>: Sized {
            /// As of the trait below.
            fn from_join(cx: &'a JoinContext<S>) -> Result<Self, Fault>;
            /// As of the trait below.
            fn requires(requirements: &mut Requirements);
        }

        #[diagnostic::do_not_recommend]
        impl<'a, S, $($other: ?Sized,)? T: FromJoin<'a, S>> $name<'a, S $(, $other)?> for T {
            fn from_join(cx: &'a JoinContext<S>) -> Result<Self, Fault> {
                <T as FromJoin<'a, S>>::from_join(cx)
            }

            fn requires(requirements: &mut Requirements) {
                <T as FromJoin<'a, S>>::requires(requirements);
            }
        }
    )* };
}

of_joins! {
    SocketOfJoin:
        "there is no `Socket` before the client has joined", "not there in `#[join]`",
        "return `Joined::new(..).then(message)`, and use `&Socket` in the `#[handle_info]` of that message";
    TopicOfJoin:
        "`#[join]` borrows the topic", "write `&Topic`", "clone it to keep it, which is cheap";
    EndpointOfJoin:
        "`#[join]` borrows the endpoint", "write `&Endpoint`", "clone it to keep it, which is cheap";
    PresenceOfJoin:
        "presence is a state of the endpoint", "write `State<Presence>`",
        "`track` needs the `&Socket` that is there after the join: return `Joined::new(..).then(message)`, and track in `#[handle_info]`";
    StateOfJoin:
        "`{Self}` cannot be taken by `#[join]`", "a state is taken as `State<T>`, where `T` is `Clone + Send + Sync`",
        "derive `Clone` for it, or register and take it in an `Arc`: `State<Arc<..>>`";
    EventOfJoin:
        "a join is no event and is answered by what `#[join]` returns", "not there in `#[join]`",
        "`Ok(Joined::new(..).reply(value))` accepts with a response, `Err(JoinError::new(\"why\"))` refuses";
    InfoOfJoin:
        "what a client connected with is known while it connects", "not there in `#[join]`",
        "keep what you need of it in the socket's type in `#[connect]`, and take that by reference, as `user: &UserSocket`";
    UserOfJoin<User>:
        "the connection's state is shared by its channels", "write `&{User}`",
        "copy what you need of it; what changes stands in it behind a `Mutex` or is an atomic";
    LentOfJoin<Owned>:
        "`{Self}` is no context of `#[join]`", "if this is what the client sent along, write `{Owned}`",
        "what is sent along is taken by value; what is borrowed is the socket's type, `&Topic` and `&Endpoint`";
}

/// Stands for an argument, where the message is about its type `T`, and the compiler shall not show where that is
/// declared.
#[derive(Debug)]
pub struct Argument;

/// A second argument of `#[join]` that is owned, beside the first of type `First`.
#[diagnostic::on_unimplemented(
    message = "`{T}` cannot be taken beside `{First}`, which takes what the client sent along",
    label = "not an argument of `#[join]`",
    note = "put several values in one type with `#[derive(Deserialize)]`; topic parameters are found by their names, \
            and the others are context: a state of the application as `State<{T}>`, `&Topic`, the socket's type by \
            reference, and what implements `FromJoin`"
)]
pub trait SecondOfJoin<'a, S, T, First: ?Sized> {
    /// As of [`FromJoin`].
    fn from_join(cx: &'a JoinContext<S>) -> Result<T, Fault>;
    /// As of [`FromJoin`].
    fn requires(requirements: &mut Requirements);
}

#[diagnostic::do_not_recommend]
impl<'a, S, T: FromJoin<'a, S>, First: ?Sized> SecondOfJoin<'a, S, T, First> for Argument {
    fn from_join(cx: &'a JoinContext<S>) -> Result<T, Fault> {
        T::from_join(cx)
    }

    fn requires(requirements: &mut Requirements) {
        T::requires(requirements);
    }
}

/// Traits that everything has that has [`FromConnect`].
macro_rules! of_connects {
    ($($name:ident $(<$other:ident>)?: $message:tt, $label:tt, $note:tt;)*) => { $(
        #[doc = $label]
        #[diagnostic::on_unimplemented(message = $message, label = $label, note = $note)]
        pub trait $name<'a $(, $other: ?Sized)?>: Sized {
            /// As of the trait below.
            fn from_connect(cx: &'a ConnectContext) -> Result<Self, Fault>;
            /// As of the trait below.
            fn requires(requirements: &mut Requirements);
        }

        #[diagnostic::do_not_recommend]
        impl<'a, $($other: ?Sized,)? T: FromConnect<'a>> $name<'a $(, $other)?> for T {
            fn from_connect(cx: &'a ConnectContext) -> Result<Self, Fault> {
                <T as FromConnect<'a>>::from_connect(cx)
            }

            fn requires(requirements: &mut Requirements) {
                <T as FromConnect<'a>>::requires(requirements);
            }
        }
    )* };
}

of_connects! {
    InfoOfConnect:
        "`#[connect]` borrows what is known of the request", "write `&ConnectInfo`",
        "copy out of it what you keep: `info.x_headers()`, `info.peer()`, `info.auth_token()`";
    EndpointOfConnect:
        "`#[connect]` borrows the endpoint", "write `&Endpoint`", "clone it to keep it, which is cheap";
    PresenceOfConnect:
        "presence is a state of the endpoint", "write `State<Presence>`",
        "`track` needs the `&Socket` of a channel that the client has joined";
    StateOfConnect:
        "`{Self}` cannot be taken by `#[connect]`", "a state is taken as `State<T>`, where `T` is `Clone + Send + Sync`",
        "derive `Clone` for it, or register and take it in an `Arc`: `State<Arc<..>>`";
    SocketOfConnect:
        "there is no `Socket` and no topic before a client has joined a channel", "not there in `#[connect]`",
        "`#[connect]` takes the connection parameters, `&ConnectInfo`, `&Endpoint` and `State<T>`";
    SecondOfConnect<First>:
        "`{Self}` cannot be taken beside `{First}`, which takes the connection parameters", "not an argument of `#[connect]`",
        "put several parameters in one type with `#[derive(Deserialize)]`; the others are context: `&ConnectInfo`, \
         which has the address and the headers, `&Endpoint`, a state of the application as `State<{Self}>`";
    LentOfConnect<Owned>:
        "`{Self}` is no context of `#[connect]`", "if these are the parameters, write `{Owned}`",
        "parameters are taken by value; what is borrowed is `&ConnectInfo` and `&Endpoint`";
    BorrowedOfConnect<Owned>:
        "`{Self}` is no context of `#[connect]`", "a state of the application is taken as `State<{Owned}>`",
        "the address and the headers of the request are in `&ConnectInfo`: `info.peer()`, `info.x_headers()`";
}

/// Traits that everything has that has [`FromPayload`].
macro_rules! of_payloads {
    ($($name:ident $(<$other:ident>)?: $message:tt, $label:tt, $note:tt;)*) => { $(
        #[doc = $label]
        #[diagnostic::on_unimplemented(message = $message, label = $label, note = $note)]
        pub trait $name $(<$other: ?Sized>)?: Sized {
            /// As of the trait below.
            fn from_payload(payload: Payload) -> Result<Self, PayloadError>;
        }

        #[diagnostic::do_not_recommend]
        impl<$($other: ?Sized,)? T: FromPayload> $name $(<$other>)? for T {
            fn from_payload(payload: Payload) -> Result<Self, PayloadError> {
                <T as FromPayload>::from_payload(payload)
            }
        }
    )* };
}

of_payloads! {
    ContextAsPayload:
        "`{Self}` is context, and stands after what arrives", "this would take what arrives",
        "write `_: Payload` before it to ignore what arrives";
    InfoAsPayload:
        "what a client connected with is known while it connects", "not there in a handler",
        "keep what you need of it in the socket's type in `#[connect]`, and copy that into the channel in `#[join]`";
    ParamsAsPayload:
        "these are of the connection, and a join has its own", "write `Payload`, or a type with `#[derive(Deserialize)]`",
        "what a client connected with is kept in the socket's type, and taken by reference, as `user: &UserSocket`";
    SocketAsPayload:
        "the `Socket` is borrowed", "write `&Socket`",
        "the first argument without `&` takes what arrives";
    TopicAsPayload:
        "the `Topic` is borrowed", "write `&Topic`", "the first argument without `&` takes what arrives";
    EndpointAsPayload:
        "the `Endpoint` is borrowed", "write `&Endpoint`", "the first argument without `&` takes what arrives";
    PresenceAsPayload:
        "presence is a state of the endpoint", "write `State<Presence>`, after what arrives",
        "write `_: Payload` before it to ignore what arrives";
    WrappedPayload<Inner>:
        "what arrives is not wrapped in anything", "write `{Inner}`",
        "the first argument without `&` is decoded from the payload as it is";
}

/// Traits that everything has that has [`FromParams`].
macro_rules! of_params {
    ($($name:ident: $message:tt, $label:tt, $note:tt;)*) => { $(
        #[doc = $label]
        #[diagnostic::on_unimplemented(message = $message, label = $label, note = $note)]
        pub trait $name: Sized {
            /// As of the trait below.
            fn from_params(params: &Params) -> Result<Self, PayloadError>;
        }

        #[diagnostic::do_not_recommend]
        impl<T: FromParams> $name for T {
            fn from_params(params: &Params) -> Result<Self, PayloadError> {
                <T as FromParams>::from_params(params)
            }
        }
    )* };
}

of_params! {
    InfoAsParams:
        "`#[connect]` borrows what is known of the request", "write `&ConnectInfo`",
        "the first argument without `&` takes the connection parameters";
    EndpointAsParams:
        "the `Endpoint` is borrowed", "write `&Endpoint`", "the first argument without `&` takes the connection parameters";
    PresenceAsParams:
        "presence is a state of the endpoint", "write `State<Presence>`, after the connection parameters",
        "write `_: Params` before it to ignore them";
    StateAsParams:
        "`{Self}` is context, and stands after the connection parameters", "this would take the parameters",
        "write `_: Params` before it to ignore them";
}
