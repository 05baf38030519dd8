//! What a request is answered with.

use bytes::Bytes;
use serde::{Serialize, Serializer, ser::SerializeStruct};

use crate::wire::Text;

/// The status that counts for the client; that of HTTP is 200 in most cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Messages are here, or were taken.
    Ok = 200,
    /// The window passed without a message.
    Empty = 204,
    /// The request holds something that is no message.
    Malformed = 400,
    /// The socket or the origin check refuses.
    Refused = 403,
    /// The session did not take the message in time.
    TimedOut = 408,
    /// There is no such session, or it has just ended, or here is a new one.
    Gone = 410,
    /// The request's body is above the limit.
    TooLarge = 413,
    /// Connecting failed.
    Failed = 500,
}

impl Status {
    /// The status that is this number.
    pub(super) fn from_number(number: u16) -> Option<Self> {
        let all = [
            Self::Ok,
            Self::Empty,
            Self::Malformed,
            Self::Refused,
            Self::TimedOut,
            Self::Gone,
            Self::TooLarge,
            Self::Failed,
        ];
        all.into_iter().find(|status| *status as u16 == number)
    }
}

/// A JSON answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer<'a> {
    status: Status,
    /// The session's token and its messages, in answers to polls.
    session: Option<(&'a str, Vec<Text>)>,
}

impl Answer<'static> {
    pub(crate) fn status(status: Status) -> Self {
        Self { status, session: None }
    }
}

impl<'a> Answer<'a> {
    pub(crate) fn session(status: Status, token: &'a str, messages: Vec<Text>) -> Self {
        Self { status, session: Some((token, messages)) }
    }

    pub(crate) fn to_json(&self) -> Bytes {
        // Numbers and texts always have a JSON form.
        serde_json::to_vec(self).unwrap_or_default().into()
    }
}

impl Serialize for Answer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = if self.session.is_some() { 3 } else { 1 };
        let mut answer = serializer.serialize_struct("Answer", fields)?;
        answer.serialize_field("status", &(self.status as u16))?;
        if let Some((token, messages)) = &self.session {
            answer.serialize_field("token", token)?;
            answer.serialize_field("messages", &Strings(messages))?;
        }
        answer.end()
    }
}

/// Messages are JSON already, and travel as strings that hold it.
struct Strings<'a>(&'a [Text]);

impl Serialize for Strings<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Text::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Status};

    #[test]
    fn messages_are_strings_and_a_bare_status_has_nothing_else() {
        let messages = vec![r#"[null,"1","é"]"#.into(), "plain".into()];
        let answer = Answer::session(Status::Ok, "t", messages).to_json();
        let expected = r#"{"status":200,"token":"t","messages":["[null,\"1\",\"é\"]","plain"]}"#;
        assert_eq!(answer, expected);
        assert_eq!(Answer::status(Status::Gone).to_json(), r#"{"status":410}"#);
    }
}
