//! What a request is answered with.

use bytes::Bytes;
use serde::{
    Serialize, Serializer,
    ser::{SerializeSeq, SerializeStruct},
};
use serde_json::value::RawValue;

use crate::{serializer::LongPollForm, wire::Text};

/// The status that counts for the client; that of HTTP is 200 in most cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Messages are here, or were taken.
    Ok = 200,
    /// The window passed without a message.
    Empty = 204,
    /// The request holds an invalid message.
    Malformed = 400,
    /// The client asked for what it may not do, and is of a version that is told so here.
    Unauthorized = 401,
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
            Self::Unauthorized,
            Self::Refused,
            Self::TimedOut,
            Self::Gone,
            Self::TooLarge,
            Self::Failed,
        ];
        all.into_iter().find(|status| *status as u16 == number)
    }

    /// Whether an answer to a poll has anything beside this status.
    pub(crate) fn has_body(self, form: LongPollForm) -> bool {
        match form {
            LongPollForm::Cookie | LongPollForm::CookieOfMount => self == Self::Ok,
            LongPollForm::HttpStatus => self != Self::Empty,
            LongPollForm::Texts | LongPollForm::Values | LongPollForm::SignedValues => true,
        }
    }
}

/// A JSON answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer<'a> {
    form: LongPollForm,
    status: Status,
    /// The session's token and its messages, in answers to polls.
    session: Option<(&'a str, Vec<Text>)>,
}

impl Answer<'static> {
    pub(crate) fn status(status: Status) -> Self {
        Self { form: LongPollForm::Texts, status, session: None }
    }
}

impl<'a> Answer<'a> {
    pub(crate) fn session(
        form: LongPollForm,
        status: Status,
        token: &'a str,
        messages: Vec<Text>,
    ) -> Self {
        Self { form, status, session: Some((token, messages)) }
    }

    pub(crate) fn to_json(&self) -> Bytes {
        // Numbers and texts always have a JSON form.
        serde_json::to_vec(self).unwrap_or_default().into()
    }
}

impl Serialize for Answer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let (true, Some((_, messages))) = (self.form.has_cookie(), &self.session) {
            return Values(messages).serialize(serializer);
        }
        let mut answer = serializer.serialize_struct("Answer", 4)?;
        if !self.form.has_http_status() {
            answer.serialize_field("status", &(self.status as u16))?;
        }
        if let Some((token, messages)) = &self.session {
            answer.serialize_field("token", token)?;
            if self.form.has_sig() {
                answer.serialize_field("sig", SIG)?;
            }
            match self.form {
                LongPollForm::Texts => answer.serialize_field("messages", &Strings(messages))?,
                _ => answer.serialize_field("messages", &Values(messages))?,
            }
        }
        answer.end()
    }
}

/// What clients send back beside a token that needed it once. Ours are signed themselves.
const SIG: &str = "none";

/// Messages are JSON already, and travel as strings that hold it.
struct Strings<'a>(&'a [Text]);

impl Serialize for Strings<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Text::as_str))
    }
}

/// Messages as older clients take them: the JSON that they are. What is not JSON, as a raw socket may
/// send it, stays a text.
struct Values<'a>(&'a [Text]);

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for text in self.0 {
            match serde_json::from_slice::<&RawValue>(text.as_bytes()) {
                Ok(json) => list.serialize_element(json)?,
                Err(_) => list.serialize_element(text.as_str())?,
            }
        }
        list.end()
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, LongPollForm, Status};

    #[test]
    fn older_clients_get_messages_as_json_in_the_answer_of_their_time() {
        let answer = |form| {
            let messages = vec![r#"{"a":1}"#.into(), "plain".into()];
            Answer::session(form, Status::Ok, "t", messages).to_json()
        };
        let messages = r#"[{"a":1},"plain"]"#;
        assert_eq!(answer(LongPollForm::Cookie), messages);
        let with = |head: &str| format!(r#"{{{head},"messages":{messages}}}"#);
        assert_eq!(answer(LongPollForm::HttpStatus), with(r#""token":"t","sig":"none""#));
        let signed = with(r#""status":200,"token":"t","sig":"none""#);
        assert_eq!(answer(LongPollForm::SignedValues), signed);
        assert_eq!(answer(LongPollForm::Values), with(r#""status":200,"token":"t""#));
    }

    #[test]
    fn messages_are_strings_and_a_bare_status_has_nothing_else() {
        let messages = vec![r#"[null,"1","é"]"#.into(), "plain".into()];
        let answer = Answer::session(LongPollForm::Texts, Status::Ok, "t", messages).to_json();
        let expected = r#"{"status":200,"token":"t","messages":["[null,\"1\",\"é\"]","plain"]}"#;
        assert_eq!(answer, expected);
        assert_eq!(Answer::status(Status::Gone).to_json(), r#"{"status":410}"#);
    }
}
