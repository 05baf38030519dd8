//! What replicas say to each other, and as bytes.
//!
//! All numbers are big-endian:
//!
//! ```text
//! u8 version | u8 kind | …
//!
//! heartbeat  1 | u64 version | u64 digest
//! feed       2 | u8 flags | u64 nonce | u64 after | u64 upto | u64 latest | u16 count | count × item
//! want       3 | u8 flags | u64 nonce | u64 after | u64 began
//!
//! item       u64 number | u64 version | u8 0
//!          | u64 number | u64 version | u8 1 | u16 length | topic | u16 length | key | u32 length | meta
//! ```

use bytes::{Buf, TryGetError};
use smol_str::SmolStr;
use thiserror::Error;

use super::{super::meta::PresenceMeta, digest::Digest};
use crate::message::Topic;

/// The only version of the format.
const VERSION: u8 = 1;

const IS_ANSWER: u8 = 1;
const IS_WHOLE: u8 = 2;

/// Bytes of an item that is gone, and of a feed without items.
const BARE_ITEM: usize = 17;
const BARE_FEED: usize = 37;

/// Bytes of an item that is there, besides its texts.
const LENGTHS: usize = 8;

#[derive(Clone, Debug)]
pub(in super::super) enum Message {
    Heartbeat(Heartbeat),
    Feed(Feed),
    Want(Want),
}

/// How far the sender has come, for those who have missed something without knowing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Heartbeat {
    pub(super) version: u64,
    pub(super) digest: Digest,
}

/// All of the sender's entries that were last changed after one version and up to another. Who knows
/// all changes up to `after` knows all up to `upto` then.
#[derive(Clone, Debug)]
pub(in super::super) struct Feed {
    /// The question that it answers; none if it goes to all.
    pub(super) answers: Option<u64>,
    /// It is part of everything that the sender has: what is in no part is gone.
    pub(super) whole: bool,
    pub(super) after: u64,
    pub(super) upto: u64,
    /// How far the sender itself has come.
    pub(super) latest: u64,
    /// By version.
    pub(super) items: Vec<Item>,
}

/// An entry at its last change.
#[derive(Clone, Debug)]
pub(in super::super) struct Item {
    pub(super) number: u64,
    pub(super) version: u64,
    /// None if it is gone.
    pub(super) entry: Option<Entry>,
}

/// What is said of an entry.
#[derive(Clone, Debug)]
pub(in super::super) struct Entry {
    pub(in super::super) topic: Topic,
    pub(in super::super) key: SmolStr,
    pub(in super::super) meta: PresenceMeta,
}

/// A request for what follows a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Want {
    /// Copied into the answer.
    pub(super) nonce: u64,
    pub(super) after: u64,
    /// If everything is asked for, page by page: how far the writer had come when that began.
    pub(super) whole: Option<u64>,
}

/// Bytes that no replica of this kind sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(in super::super) enum MessageError {
    #[error("it ends too early")]
    Short,
    #[error("it is of version {0}")]
    Version(u8),
    #[error("it is of kind {0}")]
    Kind(u8),
    #[error("a topic or key is not text")]
    NotText,
    #[error("a meta is no JSON object with a `phx_ref`")]
    NotMeta,
    #[error("versions are not in order")]
    Order,
    #[error("something follows its end")]
    Long,
}

impl From<TryGetError> for MessageError {
    fn from(_: TryGetError) -> Self {
        Self::Short
    }
}

impl Entry {
    /// Whether the entry can be sent, and has at most so many bytes.
    pub(super) fn fits(&self, limit: usize) -> bool {
        let short = |text: &str| u16::try_from(text.len()).is_ok();
        short(&self.topic) && short(&self.key) && self.len() <= limit
    }

    /// Its length in a message.
    pub(super) fn len(&self) -> usize {
        LENGTHS + self.topic.len() + self.key.len() + self.meta.as_json().len()
    }
}

impl Item {
    /// Its length in a message.
    pub(super) fn len(&self) -> usize {
        BARE_ITEM + self.entry.as_ref().map_or(0, Entry::len)
    }

    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.number.to_be_bytes());
        out.extend_from_slice(&self.version.to_be_bytes());
        let Some(Entry { topic, key, meta }) = &self.entry else {
            out.push(0);
            return;
        };
        out.push(1);
        for text in [topic.as_str(), key] {
            // What is longer is not sent.
            let len = u16::try_from(text.len()).unwrap_or(u16::MAX);
            out.extend_from_slice(&len.to_be_bytes());
            out.extend_from_slice(&text.as_bytes()[..usize::from(len)]);
        }
        let meta = meta.as_json().as_bytes();
        out.extend_from_slice(&u32::try_from(meta.len()).unwrap_or(u32::MAX).to_be_bytes());
        out.extend_from_slice(meta);
    }

    fn read(rest: &mut &[u8]) -> Result<Self, MessageError> {
        let (number, version) = (rest.try_get_u64()?, rest.try_get_u64()?);
        let entry = match rest.try_get_u8()? {
            0 => None,
            1 => {
                let len = rest.try_get_u16()?;
                let topic = Topic::from(text(rest, usize::from(len))?);
                let len = rest.try_get_u16()?;
                let key = SmolStr::from(text(rest, usize::from(len))?);
                let len = usize::try_from(rest.try_get_u32()?).map_err(|_| MessageError::Short)?;
                let meta = PresenceMeta::received(text(rest, len)?).ok_or(MessageError::NotMeta)?;
                Some(Entry { topic, key, meta })
            }
            kind => return Err(MessageError::Kind(kind)),
        };
        Ok(Self { number, version, entry })
    }
}

impl Message {
    /// Appends the message.
    pub(in super::super) fn put(&self, out: &mut Vec<u8>) {
        let flags =
            |answer: bool, whole: bool| u8::from(answer) * IS_ANSWER + u8::from(whole) * IS_WHOLE;
        let numbers = |out: &mut Vec<u8>, numbers: &[u64]| {
            for number in numbers {
                out.extend_from_slice(&number.to_be_bytes());
            }
        };
        out.push(VERSION);
        match self {
            Self::Heartbeat(Heartbeat { version, digest }) => {
                out.push(1);
                numbers(out, &[*version, digest.0]);
            }
            Self::Feed(Feed { answers, whole, after, upto, latest, items }) => {
                out.reserve(BARE_FEED + items.iter().map(Item::len).sum::<usize>());
                out.extend_from_slice(&[2, flags(answers.is_some(), *whole)]);
                numbers(out, &[answers.unwrap_or(0), *after, *upto, *latest]);
                // A page has fewer.
                let count = u16::try_from(items.len()).unwrap_or(u16::MAX);
                out.extend_from_slice(&count.to_be_bytes());
                items.iter().take(usize::from(count)).for_each(|item| item.put(out));
            }
            Self::Want(Want { nonce, after, whole }) => {
                out.extend_from_slice(&[3, flags(false, whole.is_some())]);
                numbers(out, &[*nonce, *after, whole.unwrap_or(0)]);
            }
        }
    }

    /// Reads a whole message.
    pub(in super::super) fn read(mut bytes: &[u8]) -> Result<Self, MessageError> {
        let rest = &mut bytes;
        match rest.try_get_u8()? {
            VERSION => {}
            version => return Err(MessageError::Version(version)),
        }
        let message = match rest.try_get_u8()? {
            1 => {
                let (version, digest) = (rest.try_get_u64()?, Digest(rest.try_get_u64()?));
                Self::Heartbeat(Heartbeat { version, digest })
            }
            2 => Self::Feed(Feed::read(rest)?),
            3 => {
                let whole = rest.try_get_u8()? & IS_WHOLE != 0;
                let [nonce, after, began] =
                    [rest.try_get_u64()?, rest.try_get_u64()?, rest.try_get_u64()?];
                Self::Want(Want { nonce, after, whole: whole.then_some(began) })
            }
            kind => return Err(MessageError::Kind(kind)),
        };
        if rest.is_empty() { Ok(message) } else { Err(MessageError::Long) }
    }
}

impl Feed {
    fn read(rest: &mut &[u8]) -> Result<Self, MessageError> {
        let flags = rest.try_get_u8()?;
        let nonce = rest.try_get_u64()?;
        let [after, upto, latest] = [rest.try_get_u64()?, rest.try_get_u64()?, rest.try_get_u64()?];
        let count = usize::from(rest.try_get_u16()?);
        // As many as there can be, whatever it says.
        let mut items = Vec::<Item>::with_capacity(count.min(rest.len() / BARE_ITEM));
        let mut last = after;
        for _ in 0..count {
            let item = Item::read(rest)?;
            if item.version <= last {
                return Err(MessageError::Order);
            }
            last = item.version;
            items.push(item);
        }
        if last > upto || upto > latest {
            return Err(MessageError::Order);
        }
        let answers = (flags & IS_ANSWER != 0).then_some(nonce);
        Ok(Self { answers, whole: flags & IS_WHOLE != 0, after, upto, latest, items })
    }
}

fn text<'a>(rest: &mut &'a [u8], len: usize) -> Result<&'a str, MessageError> {
    let (text, after) = rest.split_at_checked(len).ok_or(MessageError::Short)?;
    *rest = after;
    simdutf8::basic::from_utf8(text).map_err(|_| MessageError::NotText)
}
