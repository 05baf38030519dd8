//! What the nodes of a Phoenix cluster publish to each other over Redis.

use bytes::Bytes;
use thiserror::Error;

use super::term::{Atom, FromJsonError, Limits, Map, NoJson, ReadError, Term};

/// The version of the messages; those of another one are ignored.
const VERSION: i64 = 3;

const EXCEPT: &str = "except";
const ONLY: &str = "only";
/// The dispatcher that hands broadcasts to the clients of channels.
const CHANNELS: &str = "Elixir.Phoenix.Channel.Server";
const BROADCAST: &str = "Elixir.Phoenix.Socket.Broadcast";

/// The topics on which trackers of presences talk.
const TRACKERS: &str = "phx_presence:";

/// In a binary frame the length of topic and event is one byte each.
const LONGEST_NAME: usize = 255;

/// A message of `phoenix_pubsub_redis`.
///
/// ```
/// use phx_runtime::phoenix::{Broadcast, Content, NodeName, PubSubMessage, Target};
///
/// let broadcast = Broadcast::json("room:1", "new_msg", r#"{"body": "hello"}"#)?;
/// let message = PubSubMessage::broadcast(NodeName::from("phx-1"), broadcast);
/// let bytes = message.encode()?;
///
/// let heard = PubSubMessage::decode(bytes)?.ok_or("it is of the present version")?;
/// assert!(heard.target.is_for(&NodeName::from("phx-2")));
/// assert_eq!(heard, message);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Phoenix counterpart: what `Phoenix.PubSub.Redis` publishes.
#[derive(Clone, Debug, PartialEq)]
pub struct PubSubMessage {
    /// The nodes that it is for.
    pub target: Target,
    /// Whose subscribers get it.
    pub topic: String,
    /// What they get.
    pub content: Content,
}

/// The name of a node: an atom or a text, which are different names even if they read the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeName {
    /// As Erlang names nodes: `:"myapp@10.0.0.5"`.
    Atom(Atom),
    /// A binary: the name to give to a node of another kind.
    Binary(Bytes),
}

/// The nodes that a message is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Every node but the one of this name, which sent it.
    Except(NodeName),
    /// Every node of this name.
    Only(NodeName),
}

/// What the subscribers of a topic get.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// A broadcast to the clients of channels.
    Broadcast(Broadcast),
    /// Any term, for the processes of the application alone.
    Other {
        /// The term.
        message: Term,
        /// The module that hands it to the subscribers, `Elixir.Phoenix.PubSub` as a rule.
        dispatcher: Atom,
    },
}

/// An event that the clients of a topic get.
#[derive(Clone, Debug, PartialEq)]
pub struct Broadcast {
    /// The topic that clients are told, the same as the message's.
    pub topic: String,
    /// The event.
    pub event: String,
    /// The payload.
    pub payload: BroadcastPayload,
}

/// The payload of a broadcast.
#[derive(Clone, Debug, PartialEq)]
pub enum BroadcastPayload {
    /// A map, which clients get as a JSON object if it has that form.
    Map(Map),
    /// Bytes, which clients get in a binary frame.
    Binary(Bytes),
}

/// A message that cannot be read, or must not be published.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MessageError {
    /// It is not a term.
    #[error("no term: {0}")]
    Read(#[from] ReadError),
    /// A topic or event is not UTF-8.
    #[error("a topic or event that is not UTF-8")]
    Text,
    /// A broadcast lacks its topic, its event, or a valid payload.
    #[error("a broadcast without a topic, an event or a valid payload")]
    Broadcast,
    /// The payload has no JSON form. It would crash every Phoenix node with clients of the topic.
    #[error("the payload of a broadcast has no JSON form: {0}")]
    Payload(#[from] NoJson),
    /// Topic or event of a broadcast of bytes have more than 255 bytes.
    #[error("the topic and the event of bytes have at most {LONGEST_NAME} bytes each")]
    TooLong,
    /// The JSON of a payload is invalid.
    #[error(transparent)]
    Json(#[from] FromJsonError),
    /// The topic is one of those on which trackers of presences talk, which a broadcast would crash.
    #[error("a broadcast on a topic that begins with `phx_presence:`")]
    Tracker,
    /// The JSON of a payload is no object.
    #[error("the payload of a broadcast to Phoenix is a JSON object or bytes")]
    NoObject,
}

impl MessageError {
    /// A word for it in metrics and logs: the variant's name, such as `read`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Read(..) => "read",
            Self::Text => "text",
            Self::Broadcast => "broadcast",
            Self::Payload(..) => "payload",
            Self::TooLong => "too_long",
            Self::Json(..) => "json",
            Self::NoObject => "no_object",
            Self::Tracker => "tracker",
        }
    }
}

impl PubSubMessage {
    /// A broadcast for all nodes but this one.
    pub fn broadcast(from: NodeName, broadcast: Broadcast) -> Self {
        Self::to(Target::Except(from), broadcast)
    }

    /// A broadcast for these nodes.
    pub(crate) fn to(target: Target, broadcast: Broadcast) -> Self {
        let topic = broadcast.topic.clone();
        Self { target, topic, content: Content::Broadcast(broadcast) }
    }

    /// The first bytes of all messages for these nodes, as they are written here.
    #[cfg(feature = "redis")]
    pub(crate) fn beginning_of(target: &Target) -> Vec<u8> {
        let (mode, name) = target.parts();
        let parts = vec![VERSION.into(), Term::atom(mode), name.to_term()];
        let mut bytes = Term::Tuple(parts).encode();
        // The tuple's length: three more parts follow.
        bytes[2] += 3;
        bytes
    }

    /// The channel of Redis over which the nodes of a `PubSub` talk. `pubsub` is its name in Elixir:
    /// `MyApp.PubSub`, or `:my_pubsub`.
    pub fn redis_channel(pubsub: &str) -> String {
        let name = pubsub.strip_prefix(':').unwrap_or(pubsub);
        format!("phx:Elixir.{name}.Adapter")
    }

    /// Reads a message. None for what Phoenix ignores: another version, another mode, a term of
    /// another shape.
    ///
    /// # Errors
    ///
    /// See [`MessageError`]. An error costs this message, and should be logged.
    pub fn decode(bytes: impl Into<Bytes>) -> Result<Option<Self>, MessageError> {
        Self::decode_within(bytes, Limits::default())
    }

    /// Reads a message within limits.
    pub(crate) fn decode_within(
        bytes: impl Into<Bytes>,
        limits: Limits,
    ) -> Result<Option<Self>, MessageError> {
        Self::from_term(Term::decode_within(bytes, limits)?)
    }

    /// Reads a message that has been made a term.
    ///
    /// # Errors
    ///
    /// See [`MessageError`].
    pub fn from_term(term: Term) -> Result<Option<Self>, MessageError> {
        let Term::Tuple(parts) = term else { return Ok(None) };
        let Ok([version, mode, name, topic, message, dispatcher]) = <[Term; 6]>::try_from(parts)
        else {
            return Ok(None);
        };
        if version != VERSION.into() {
            return Ok(None);
        }
        let (Some(name), Term::Atom(dispatcher)) = (NodeName::of(name), dispatcher) else {
            return Ok(None);
        };
        let target = match mode.as_atom().map(Atom::as_str) {
            Some(EXCEPT) => Target::Except(name),
            Some(ONLY) => Target::Only(name),
            _ => return Ok(None),
        };
        let topic = text(&topic)?;
        let content = match message {
            Term::Map(map) if dispatcher.as_str() == CHANNELS && is_broadcast(&map) => {
                Content::Broadcast(Broadcast::of(&map)?)
            }
            message => Content::Other { message, dispatcher },
        };
        Ok(Some(Self { target, topic, content }))
    }

    /// The message as a term, unchecked.
    pub fn to_term(&self) -> Term {
        let (mode, name) = self.target.parts();
        let (message, dispatcher) = match &self.content {
            Content::Broadcast(broadcast) => (broadcast.to_term(), Term::atom(CHANNELS)),
            Content::Other { message, dispatcher } => (message.clone(), dispatcher.clone().into()),
        };
        Term::Tuple(vec![
            VERSION.into(),
            Term::atom(mode),
            name.to_term(),
            self.topic.as_str().into(),
            message,
            dispatcher,
        ])
    }

    /// The bytes to publish.
    ///
    /// # Errors
    ///
    /// What would crash the nodes that hear it is refused: see [`Broadcast::check`].
    pub fn encode(&self) -> Result<Vec<u8>, MessageError> {
        if let Content::Broadcast(broadcast) = &self.content {
            if self.topic.starts_with(TRACKERS) {
                return Err(MessageError::Tracker);
            }
            broadcast.check()?;
        }
        Ok(self.to_term().encode())
    }
}

fn text(term: &Term) -> Result<String, MessageError> {
    term.as_text().map(str::to_owned).ok_or(MessageError::Text)
}

fn is_broadcast(map: &Map) -> bool {
    map.struct_module().is_some_and(|module| module.is_atom(BROADCAST))
}

impl NodeName {
    /// The name in a term, if it is one.
    pub(super) fn of(term: Term) -> Option<Self> {
        match term {
            Term::Atom(atom) => Some(Self::Atom(atom)),
            Term::Binary(bytes) => Some(Self::Binary(bytes)),
            _ => None,
        }
    }

    /// The name as a term.
    pub fn to_term(&self) -> Term {
        match self {
            Self::Atom(atom) => Term::Atom(atom.clone()),
            Self::Binary(bytes) => Term::Binary(bytes.clone()),
        }
    }
}

impl From<&str> for NodeName {
    /// A binary.
    fn from(name: &str) -> Self {
        Self::Binary(name.to_owned().into())
    }
}

impl Target {
    fn parts(&self) -> (&'static str, &NodeName) {
        match self {
            Self::Except(name) => (EXCEPT, name),
            Self::Only(name) => (ONLY, name),
        }
    }

    /// Whether a node of this name takes the message.
    pub fn is_for(&self, node: &NodeName) -> bool {
        match self {
            Self::Except(sender) => node != sender,
            Self::Only(name) => node == name,
        }
    }
}

impl Broadcast {
    /// An event with a JSON object as its payload, which Elixir code sees with strings as keys.
    ///
    /// # Errors
    ///
    /// The JSON is invalid, or no object.
    pub fn json(
        topic: impl Into<String>,
        event: impl Into<String>,
        payload: &str,
    ) -> Result<Self, MessageError> {
        let Term::Map(map) = Term::from_json(payload)? else {
            return Err(MessageError::NoObject);
        };
        let (topic, event, payload) = (topic.into(), event.into(), BroadcastPayload::Map(map));
        Ok(Self { topic, event, payload })
    }

    /// An event with bytes as its payload.
    pub fn binary(
        topic: impl Into<String>,
        event: impl Into<String>,
        payload: impl Into<Bytes>,
    ) -> Self {
        let payload = BroadcastPayload::Binary(payload.into());
        Self { topic: topic.into(), event: event.into(), payload }
    }

    /// Whether it can be published without harm. A node that crashes is started again a few times
    /// only, so what crashes one can end the application on all.
    ///
    /// # Errors
    ///
    /// The payload has no JSON form, or the names of bytes are too long.
    pub fn check(&self) -> Result<(), MessageError> {
        match &self.payload {
            BroadcastPayload::Map(map) => {
                // Nobody reads it here; that it can be written is what counts.
                let is_object = map.to_json()?.starts_with('{');
                if is_object { Ok(()) } else { Err(MessageError::NoObject) }
            }
            BroadcastPayload::Binary(_) => {
                let fit = self.topic.len().max(self.event.len()) <= LONGEST_NAME;
                if fit { Ok(()) } else { Err(MessageError::TooLong) }
            }
        }
    }

    fn of(map: &Map) -> Result<Self, MessageError> {
        let field = |name| map.get_atom(name).ok_or(MessageError::Broadcast);
        let payload = match field("payload")? {
            Term::Map(map) => BroadcastPayload::Map(map.clone()),
            Term::Tuple(pair) => match &**pair {
                [kind, Term::Binary(bytes)] if kind.is_atom("binary") => {
                    BroadcastPayload::Binary(bytes.clone())
                }
                _ => return Err(MessageError::Broadcast),
            },
            _ => return Err(MessageError::Broadcast),
        };
        Ok(Self { topic: text(field("topic")?)?, event: text(field("event")?)?, payload })
    }

    fn to_term(&self) -> Term {
        let payload = match &self.payload {
            BroadcastPayload::Map(map) => Term::Map(map.clone()),
            BroadcastPayload::Binary(bytes) => {
                Term::Tuple(vec![Term::atom("binary"), Term::Binary(bytes.clone())])
            }
        };
        Term::Map(Map::of([
            ("__struct__", Term::atom(BROADCAST)),
            ("topic", self.topic.as_str().into()),
            ("event", self.event.as_str().into()),
            ("payload", payload),
        ]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broadcast() -> PubSubMessage {
        let broadcast = Broadcast::json("room:1", "e", r#"{"n":1}"#).unwrap();
        PubSubMessage::broadcast("rust-1".into(), broadcast)
    }

    /// The message's parts, one of them another.
    fn altered(at: usize, part: impl Into<Term>) -> Result<Option<PubSubMessage>, MessageError> {
        let Term::Tuple(mut parts) = broadcast().to_term() else { panic!("a tuple") };
        parts[at] = part.into();
        PubSubMessage::decode(Term::Tuple(parts).encode())
    }

    #[test]
    fn a_broadcast_has_the_bytes_that_phoenix_expects() {
        let name = |text: &str| {
            let len = u8::try_from(text.len()).unwrap();
            [&[0x77, len], text.as_bytes()].concat()
        };
        let binary = |text: &str| {
            let len = u32::try_from(text.len()).unwrap();
            [&[0x6d][..], &len.to_be_bytes(), text.as_bytes()].concat()
        };
        let expected = [
            vec![0x83, 0x68, 6, 0x61, 3],
            name("except"),
            binary("rust-1"),
            binary("room:1"),
            vec![0x74, 0, 0, 0, 4],
            name("__struct__"),
            name("Elixir.Phoenix.Socket.Broadcast"),
            name("event"),
            binary("e"),
            name("payload"),
            vec![0x74, 0, 0, 0, 1],
            binary("n"),
            vec![0x61, 1],
            name("topic"),
            binary("room:1"),
            name("Elixir.Phoenix.Channel.Server"),
        ];
        assert_eq!(broadcast().encode().unwrap(), expected.concat());
    }

    #[test]
    fn messages_of_other_kinds_are_ignored_or_kept_as_terms() {
        assert!(matches!(altered(0, 4), Ok(None)));
        assert!(matches!(altered(1, Term::atom("all")), Ok(None)));
        assert!(matches!(altered(2, 7), Ok(None)));
        assert!(matches!(altered(5, "no atom"), Ok(None)));
        assert!(matches!(PubSubMessage::decode(Term::NIL.encode()), Ok(None)));
        assert!(matches!(PubSubMessage::decode(&b"hello"[..]), Err(MessageError::Read(_))));
        let other = altered(5, Term::atom("Elixir.Phoenix.PubSub")).unwrap().unwrap();
        assert!(matches!(&other.content, Content::Other { .. }));
        let other = altered(4, Term::Tuple(vec![Term::NIL])).unwrap().unwrap();
        assert_eq!(PubSubMessage::decode(other.encode().unwrap()).unwrap(), Some(other));
    }

    #[test]
    fn a_broadcast_that_is_none_is_an_error() {
        let fields = |payload: Option<Term>| {
            let mut pairs = vec![
                (Term::atom("__struct__"), Term::atom(BROADCAST)),
                (Term::atom("topic"), "room:1".into()),
                (Term::atom("event"), "e".into()),
            ];
            pairs.extend(payload.map(|payload| (Term::atom("payload"), payload)));
            altered(4, Map::new(pairs).unwrap())
        };
        for payload in [None, Some(Term::List(vec![])), Some("text".into()), Some(Term::NIL)] {
            assert!(matches!(fields(payload), Err(MessageError::Broadcast)));
        }
        let bytes = Term::Tuple(vec![Term::atom("binary"), "bytes".into()]);
        assert!(matches!(fields(Some(bytes)), Ok(Some(_))));
        let no_text = Term::Binary(vec![0xff].into());
        assert!(matches!(altered(3, no_text), Err(MessageError::Text)));
    }

    #[test]
    fn what_would_crash_a_node_is_not_encoded() {
        assert!(matches!(Broadcast::json("t", "e", "[1]"), Err(MessageError::NoObject)));
        assert!(matches!(Broadcast::json("t", "e", "{"), Err(MessageError::Json(_))));
        let of = |payload| Broadcast { topic: "t".into(), event: "e".into(), payload };
        let encode = |broadcast| PubSubMessage::broadcast("a".into(), broadcast).encode();
        let tuple = Map::of([("a", Term::List(vec![Term::Tuple(vec![])]))]);
        let tuple = encode(of(BroadcastPayload::Map(tuple)));
        assert!(matches!(tuple, Err(MessageError::Payload(NoJson::Tuple))));
        let no_text = Map::of([("a", Term::Binary(vec![0xff].into()))]);
        let no_text = encode(of(BroadcastPayload::Map(no_text)));
        assert!(matches!(no_text, Err(MessageError::Payload(NoJson::Binary))));
        // A struct is no object, even one that is text in JSON.
        let user = Map::of([("__struct__", Term::atom("Elixir.MyApp.User"))]);
        assert!(encode(of(BroadcastPayload::Map(user))).is_err());
        let long = "x".repeat(256);
        let bytes = encode(Broadcast::binary(long, "e", &b"\x00\xff"[..]));
        assert!(matches!(bytes, Err(MessageError::TooLong)));
        assert!(encode(Broadcast::binary("t", "e", &b"\x00\xff"[..])).is_ok());
    }

    #[test]
    fn a_broadcast_never_reaches_the_trackers() {
        let broadcast = Broadcast::json("phx_presence:Elixir.P_shard0", "e", "{}").unwrap();
        let message = PubSubMessage::broadcast("a".into(), broadcast);
        assert!(matches!(message.encode(), Err(MessageError::Tracker)));
    }

    #[test]
    fn messages_of_a_node_begin_alike() {
        let beginning = PubSubMessage::beginning_of(&Target::Except("rust-1".into()));
        assert!(broadcast().encode().unwrap().starts_with(&beginning));
        let beginning = PubSubMessage::beginning_of(&Target::Except("rust-2".into()));
        assert!(!broadcast().encode().unwrap().starts_with(&beginning));
    }

    #[test]
    fn a_name_is_of_a_kind() {
        let (atom, text) = (NodeName::Atom(Atom::of("beta")), NodeName::from("beta"));
        assert!(Target::Only(text.clone()).is_for(&text));
        assert!(!Target::Only(text.clone()).is_for(&atom));
        assert!(!Target::Except(text.clone()).is_for(&text));
        assert!(Target::Except(text).is_for(&atom));
    }

    #[test]
    fn a_pubsub_has_a_channel_of_redis() {
        let channel = PubSubMessage::redis_channel("MyApp.PubSub");
        assert_eq!(channel, "phx:Elixir.MyApp.PubSub.Adapter");
        assert_eq!(PubSubMessage::redis_channel(":my_pubsub"), "phx:Elixir.my_pubsub.Adapter");
    }
}
