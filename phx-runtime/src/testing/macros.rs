//! Assertions on what a client gets. They are macros so that a failure names the test's line.

/// Waits for a push or broadcast of an event to a [`ClientChannel`](crate::testing::ClientChannel)
/// and returns its payload.
///
/// The payload is matched like a pattern: it may have more fields than those named, and `_` stands for
/// any value. Messages that do not match stay for later assertions. Of a
/// [typed event](macro@crate::event) the pattern is one of Rust, and the event is returned.
///
/// ```
/// # #[derive(serde::Deserialize)]
/// # struct Message { at: u64 }
/// # async fn test(room: phx_runtime::testing::ClientChannel) {
/// use phx_runtime::assert_push;
///
/// # #[phx_runtime::event("tick")]
/// # #[derive(serde::Serialize, serde::Deserialize)]
/// # struct Tick { left: u64 }
/// assert_push!(room, "ping");
/// assert_push!(room, "joined", { "name": "Ann", "at": _ });
/// let tick = assert_push!(room, Tick { left: 1..=3 });
/// assert!(tick.left > 0);
/// let message: Message = assert_push!(room, "new_msg", { "body": "hi" }).decode().unwrap();
/// assert!(message.at > 0);
/// # }
/// ```
///
/// # Panics
///
/// Panics if nothing of the kind comes within five seconds.
#[macro_export]
macro_rules! assert_push {
    ($channel:expr, $($event:ident)::+ { $($fields:tt)* } $(if $condition:expr)? $(,)?) => {{
        #[allow(unused_variables, reason = "a pattern may bind what only its condition uses")]
        let wanted = $crate::testing::wanted::<$($event)::+>(
            |event: &_| ::std::matches!(event, $($event)::+ { $($fields)* } $(if $condition)?)
        );
        $crate::testing::expected($channel.expect_event(wanted).await)
    }};
    ($channel:expr, $event:expr $(,)?) => {
        $crate::testing::expected($channel.expect_push($event, ::std::option::Option::None).await)
    };
    ($channel:expr, $event:expr, $($payload:tt)+) => {{
        let pattern = ::std::option::Option::Some(&$crate::__private::pattern!($crate, $($payload)+));
        $crate::testing::expected($channel.expect_push($event, pattern).await)
    }};
    ($channel:expr $(,)?) => {
        ::std::compile_error!("which event? `assert_push!(room, \"new_msg\")`")
    };
    ($($other:tt)*) => {
        ::std::compile_error!(
            "expected the channel, the event and, if it matters, the payload, with commas between: \
             `assert_push!(room, \"new_msg\", { \"id\": _ })`"
        )
    };
}

/// Asserts that no push or broadcast of an event comes to a
/// [`ClientChannel`](crate::testing::ClientChannel), or none that has the given fields; of a typed event, none
/// like a pattern of Rust, `refute_push!(room, Tick { left: 0 })`.
///
/// It waits for 100 milliseconds, which takes no time under a paused clock.
///
/// ```
/// # async fn test(room: phx_runtime::testing::ClientChannel) {
/// use phx_runtime::refute_push;
///
/// refute_push!(room, "new_msg");
/// refute_push!(room, "typing", { "user": 7 });
/// # }
/// ```
///
/// # Panics
///
/// Panics if one comes.
#[macro_export]
macro_rules! refute_push {
    ($channel:expr, $($event:ident)::+ { $($fields:tt)* } $(if $condition:expr)? $(,)?) => {{
        #[allow(unused_variables, reason = "a pattern may bind what only its condition uses")]
        let wanted = $crate::testing::wanted::<$($event)::+>(
            |event: &_| ::std::matches!(event, $($event)::+ { $($fields)* } $(if $condition)?)
        );
        $crate::testing::expected($channel.expect_no_event(wanted).await)
    }};
    ($channel:expr, $event:expr $(,)?) => {
        $crate::testing::expected(
            $channel.expect_no_push($event, ::std::option::Option::None).await,
        )
    };
    ($channel:expr, $event:expr, $($payload:tt)+) => {{
        let pattern = ::std::option::Option::Some(&$crate::__private::pattern!($crate, $($payload)+));
        $crate::testing::expected($channel.expect_no_push($event, pattern).await)
    }};
    ($channel:expr $(,)?) => {
        ::std::compile_error!("which event? `refute_push!(room, \"new_msg\")`")
    };
    ($($other:tt)*) => {
        ::std::compile_error!(
            "expected the channel, the event and, if it matters, the payload, with commas between: \
             `refute_push!(room, \"new_msg\", { \"id\": _ })`"
        )
    };
}

/// Waits for the reply to something [`Pushed`](crate::testing::Pushed) and returns its response,
/// which is matched as [`assert_push!`](crate::assert_push) does. The status is a word, or a string for one
/// that is none.
///
/// ```
/// # async fn test(room: phx_runtime::testing::ClientChannel) {
/// use phx_runtime::{assert_reply, json};
///
/// let sent = room.push("new_msg", json!({ "body": "" })).await;
/// assert_reply!(sent, error, { "reason": "empty" });
/// # }
/// ```
///
/// # Panics
///
/// Panics if another reply comes, or none within five seconds.
#[macro_export]
macro_rules! assert_reply {
    ($pushed:expr, Ok $($rest:tt)*) => {
        ::std::compile_error!("the status is the one that the client gets: `assert_reply!(pushed, ok)`")
    };
    ($pushed:expr, Err $($rest:tt)*) => {
        ::std::compile_error!("the status is the one that the client gets: `assert_reply!(pushed, error)`")
    };
    ($pushed:expr, true $($rest:tt)*) => {
        ::std::compile_error!("the status is the one that the client gets: `assert_reply!(pushed, ok)`")
    };
    ($pushed:expr, $status:ident $(,)?) => {{
        let status = ::std::stringify!($status);
        $crate::testing::expected(
            $pushed.expect_reply(status, ::std::option::Option::None).await,
        )
    }};
    ($pushed:expr, $status:ident, $($response:tt)+) => {{
        let status = ::std::stringify!($status);
        let pattern = ::std::option::Option::Some(&$crate::__private::pattern!($crate, $($response)+));
        $crate::testing::expected($pushed.expect_reply(status, pattern).await)
    }};
    ($pushed:expr, $status:literal $(,)?) => {
        $crate::testing::expected($pushed.expect_reply($status, ::std::option::Option::None).await)
    };
    ($pushed:expr, $status:literal, $($response:tt)+) => {{
        let pattern = ::std::option::Option::Some(&$crate::__private::pattern!($crate, $($response)+));
        $crate::testing::expected($pushed.expect_reply($status, pattern).await)
    }};
    ($($other:tt)*) => {
        ::std::compile_error!(
            "expected what was pushed, the status of the reply and, if it matters, its response: \
             `assert_reply!(pushed, ok, { \"id\": _ })`"
        )
    };
}

/// Asserts that something [`Pushed`](crate::testing::Pushed) is not replied to.
///
/// It waits for 100 milliseconds, which takes no time under a paused clock.
///
/// ```
/// # async fn test(room: phx_runtime::testing::ClientChannel) {
/// use phx_runtime::{json, refute_reply};
///
/// let sent = room.push("typing", json!({})).await;
/// refute_reply!(sent);
/// # }
/// ```
///
/// # Panics
///
/// Panics if a reply comes.
#[macro_export]
macro_rules! refute_reply {
    ($pushed:expr $(,)?) => {
        $crate::testing::expected($pushed.expect_no_reply().await)
    };
    ($($other:tt)*) => {
        ::std::compile_error!(
            "no reply at all may come, whatever its status: `refute_reply!(pushed)`"
        )
    };
}
