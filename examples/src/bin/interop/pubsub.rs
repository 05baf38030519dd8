//! Messages over Redis, and what clients got of them.

use base64::{Engine, engine::general_purpose::STANDARD};
use phx_runtime::phoenix::{Broadcast, BroadcastPayload, Content, NodeName, PubSubMessage, Term};
use serde_json::Value;

use crate::{
    notation,
    report::Report,
    sample::{Checked, Failure, ensure, list, text},
};

pub(crate) fn check(file: &Value, report: &mut Report) -> Checked {
    for sample in ["samples", "from_outside"].iter().flat_map(|name| list(file, name)) {
        report.add(text(sample, "id")?, check_message(sample, &file["nodes"]));
    }
    Ok(())
}

/// The term of a message: what was noted is what its bytes are.
pub(crate) fn recorded(sample: &Value) -> Result<Term, Failure> {
    let term = Term::decode(STANDARD.decode(text(sample, "payload_base64")?)?)?;
    let noted = notation::term(&sample["term"])?;
    ensure(term == noted, || format!("is {term:?} instead of {noted:?}"))?;
    Ok(term)
}

fn check_message(sample: &Value, nodes: &Value) -> Checked {
    let term = recorded(sample)?;
    // What is ignored here, or is an error, must have reached nobody there.
    let message = PubSubMessage::from_term(term.clone()).ok().flatten();
    if let Some(message) = &message {
        let again = Term::decode(message.to_term().encode())?;
        ensure(again == term, || format!("becomes {again:?}"))?;
    }
    for received in list(sample, "received_by_clients") {
        let frames = match &message {
            Some(message) => frames_for(message, received, nodes)?,
            None => Vec::new(),
        };
        let expected = list(received, "frames");
        let expected: Vec<Frame> =
            expected.iter().map(Frame::recorded).collect::<Result<_, _>>()?;
        // The test's own channels tell what they got in `handle_info`; Phoenix sends nothing.
        let expected: Vec<Frame> = expected.into_iter().filter(|f| !f.is_of_the_test()).collect();
        ensure(frames == expected, || format!("{frames:?} instead of {expected:?}"))?;
        if let (Some(message), false) = (&message, frames.is_empty()) {
            message.encode().map_err(|error| format!("would not be published: {error}"))?;
        }
    }
    Ok(())
}

/// What a client gets.
#[derive(Debug, PartialEq)]
enum Frame {
    /// Topic, event and payload. Of the two references before them a broadcast has none.
    Text(Vec<Term>),
    Binary(Vec<u8>),
    Close,
}

impl Frame {
    fn recorded(frame: &Value) -> Result<Self, Failure> {
        if let Some(text) = frame["text"].as_str() {
            return Self::text(text);
        }
        match frame["binary_base64"].as_str() {
            Some(bytes) => Ok(Self::Binary(STANDARD.decode(bytes)?)),
            // Phoenix 1.7 and 1.8 do not agree about its code.
            None if frame["close"].is_number() => Ok(Self::Close),
            None => Err(format!("an unknown frame {frame}").into()),
        }
    }

    /// Read as a term, where every digit of a number counts, and the order of keys does not.
    fn text(text: &str) -> Result<Self, Failure> {
        match Term::from_json(text)? {
            Term::List(parts) if parts.len() == 5 => Ok(Self::Text(parts[2..].to_vec())),
            _ => Err(format!("no message: {text}").into()),
        }
    }

    fn is_of_the_test(&self) -> bool {
        matches!(self, Self::Text(parts) if parts[1] == "handle_info".into())
    }
}

/// What the client got, as far as the message is for its node and its topic.
fn frames_for(
    message: &PubSubMessage,
    received: &Value,
    nodes: &Value,
) -> Result<Vec<Frame>, Failure> {
    let name = match notation::term(&nodes[text(received, "node")?]["node_name"])? {
        Term::Atom(atom) => NodeName::Atom(atom),
        Term::Binary(bytes) => NodeName::Binary(bytes),
        other => return Err(format!("no name of a node: {other:?}").into()),
    };
    let Content::Broadcast(broadcast) = &message.content else { return Ok(Vec::new()) };
    if !message.target.is_for(&name) {
        return Ok(Vec::new());
    }
    // The topic is the id of the client's socket.
    if broadcast.event == "disconnect" {
        return Ok(vec![Frame::Close]);
    }
    if message.topic != text(received, "joined")? {
        return Ok(Vec::new());
    }
    frame(broadcast).map(|frame| frame.into_iter().collect())
}

/// None for a broadcast that has no JSON form.
fn frame(broadcast: &Broadcast) -> Result<Option<Frame>, Failure> {
    let Broadcast { topic, event, payload } = broadcast;
    match payload {
        BroadcastPayload::Map(map) => {
            let Ok(payload) = Term::Map(map.clone()).to_json() else { return Ok(None) };
            let names = serde_json::to_string(&(topic, event))?;
            let names = names.trim_matches(['[', ']']);
            Frame::text(&format!("[null,null,{names},{payload}]")).map(Some)
        }
        BroadcastPayload::Binary(bytes) => {
            let lengths = [u8::try_from(topic.len())?, u8::try_from(event.len())?];
            let parts = [&[2], &lengths[..], topic.as_bytes(), event.as_bytes(), bytes];
            Ok(Some(Frame::Binary(parts.concat())))
        }
    }
}
