//! What the handlers of a socket without channels return.

use bytes::Bytes;

use crate::{
    connection::Connection,
    log,
    message::{Binary, Failure, Fault, FromFailure},
    transport::Flow,
    wire::{CloseCode, Frame, Text},
};

/// What a handler of a socket without channels returned: a message for the client or none, and whether
/// the connection goes on.
///
/// ```
/// use phx_runtime::{socket::Answer, transport::{CloseCode, Frame}};
///
/// fn say(text: &str) -> Answer {
///     match text {
///         "bye" => Answer::frame(Frame::text("see you")).and_stop(CloseCode::NORMAL),
///         "" => Answer::none(),
///         text => Answer::frame(Frame::text(text)),
///     }
/// }
/// # let _ = say("bye");
/// ```
#[derive(Debug)]
#[must_use]
pub struct Answer {
    frame: Option<Frame>,
    next: After,
}

#[derive(Debug)]
enum After {
    Flow(Flow),
    /// The handler failed, which is for the log alone.
    Failed(Fault),
}

impl Answer {
    /// Nothing is sent, and the connection goes on.
    pub fn none() -> Self {
        Self { frame: None, next: After::Flow(Flow::Continue) }
    }

    /// A message is sent to the client.
    pub fn frame(frame: Frame) -> Self {
        Self { frame: Some(frame), ..Self::none() }
    }

    /// The connection ends with this close code.
    pub fn stop(code: CloseCode) -> Self {
        Self::none().and_stop(code)
    }

    /// The connection ends with this close code, after what is sent.
    pub fn and_stop(self, code: CloseCode) -> Self {
        Self { next: After::Flow(Flow::Stop(code)), ..self }
    }

    /// Sends what there is to send. What failed is logged under the handler's `method`, and closes the
    /// connection with code 1011.
    pub(crate) fn finish(self, method: &'static str, connection: &Connection) -> Flow {
        if let Some(frame) = self.frame {
            connection.send(&frame);
        }
        match self.next {
            After::Flow(flow) => flow,
            After::Failed(fault) => {
                log::socket_failed(method, &fault);
                Flow::Stop(CloseCode::INTERNAL)
            }
        }
    }
}

impl FromFailure for Answer {
    fn from_failure(failure: Failure) -> Self {
        let next = match failure {
            Failure::Payload(_) => After::Flow(Flow::Malformed(CloseCode::INVALID_DATA)),
            Failure::Topic => After::Failed(Fault::new("there are no topics here")),
            Failure::Fault(fault) => After::Failed(fault),
        };
        Self { frame: None, next }
    }
}

/// What `#[init]`, `#[handle_in]`, `#[handle_control]` and `#[handle_info]` of a socket without channels
/// can return.
///
/// Implement it to return types of your own:
///
/// ```
/// use phx_runtime::{json, socket::{Answer, IntoAnswer}, transport::Frame};
///
/// struct Position(f64, f64);
///
/// impl IntoAnswer for Position {
///     fn into_answer(self) -> Answer {
///         Answer::frame(Frame::text(json!([self.0, self.1]).to_string()))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "a handler of a socket cannot return `{Self}`",
    label = "neither a message for the client nor the end of the connection",
    note = "return nothing, a message (`String`, `Bytes`, `Frame` or an `Option` of it), `Flow`, `Answer`, or a \
            `Result` of these with `CloseCode` or `Fault` as its error"
)]
pub trait IntoAnswer {
    /// What is sent, and whether the connection goes on.
    fn into_answer(self) -> Answer;
}

#[diagnostic::do_not_recommend]
impl IntoAnswer for () {
    fn into_answer(self) -> Answer {
        Answer::none()
    }
}

#[diagnostic::do_not_recommend]
impl IntoAnswer for Answer {
    fn into_answer(self) -> Answer {
        self
    }
}

#[diagnostic::do_not_recommend]
impl IntoAnswer for Flow {
    fn into_answer(self) -> Answer {
        Answer { frame: None, next: After::Flow(self) }
    }
}

/// Messages: those that are text, and those that are bytes.
macro_rules! messages {
    ($($ty:ty => $variant:ident,)*) => { $(
        #[diagnostic::do_not_recommend]
        impl IntoAnswer for $ty {
            fn into_answer(self) -> Answer {
                Answer::frame(Frame::$variant(self))
            }
        }
    )* };
}

messages! {
    Text => text,
    String => text,
    &str => text,
    Bytes => binary,
    Vec<u8> => binary,
}

#[diagnostic::do_not_recommend]
impl IntoAnswer for Binary {
    fn into_answer(self) -> Answer {
        Answer::frame(Frame::Binary(self.into_bytes()))
    }
}

#[diagnostic::do_not_recommend]
impl IntoAnswer for Frame {
    fn into_answer(self) -> Answer {
        Answer::frame(self)
    }
}

#[diagnostic::do_not_recommend]
impl<T: IntoAnswer> IntoAnswer for Option<T> {
    fn into_answer(self) -> Answer {
        self.map_or_else(Answer::none, T::into_answer)
    }
}

#[diagnostic::do_not_recommend]
impl<T: IntoAnswer, E: IntoRawEnd> IntoAnswer for Result<T, E> {
    fn into_answer(self) -> Answer {
        self.map_or_else(E::into_end, T::into_answer)
    }
}

/// What a handler of a socket without channels can return as the error of a `Result`: it ends the
/// connection.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the end of a connection",
    label = "this error cannot close a connection",
    note = "the error is a `CloseCode`, which the client gets, or a `Fault`, which is logged and closes the \
            connection with code 1011; every error becomes a `Fault` by `?`"
)]
pub trait IntoRawEnd {
    /// How the connection ends.
    fn into_end(self) -> Answer;
}

#[diagnostic::do_not_recommend]
impl IntoRawEnd for CloseCode {
    fn into_end(self) -> Answer {
        Answer::stop(self)
    }
}

#[diagnostic::do_not_recommend]
impl IntoRawEnd for Fault {
    fn into_end(self) -> Answer {
        Answer { frame: None, next: After::Failed(self) }
    }
}
