//! What messages are refused with.

use smol_str::SmolStr;

use crate::message::Payload;

/// What messages are refused with. Kept only while somebody asks.
#[derive(Default)]
pub(super) enum Refusals {
    #[default]
    Ignored,
    Asked(Option<Box<Refusal>>),
}

pub(super) struct Refusal {
    pub(super) topic: SmolStr,
    pub(super) response: Payload,
}

impl Refusals {
    pub(super) fn add(&mut self, topic: &str, response: &Payload) {
        if let Self::Asked(refusal) = self {
            let (topic, response) = (topic.into(), response.clone());
            *refusal = Some(Box::new(Refusal { topic, response }));
        }
    }

    pub(super) fn take(&mut self) -> Option<Refusal> {
        match std::mem::take(self) {
            Self::Ignored => None,
            Self::Asked(refusal) => refusal.map(|refusal| *refusal),
        }
    }
}
