//! What messages are refused with.

use smol_str::SmolStr;

use crate::message::Payload;

/// What messages are refused with. Kept only while somebody asks.
#[derive(Default)]
pub(super) struct Refusals {
    /// Whether the transport answers each message, and tells this client of one that is refused.
    pub(super) are_told: bool,
    is_asked: bool,
    last: Option<Box<Refusal>>,
}

pub(super) struct Refusal {
    pub(super) topic: SmolStr,
    pub(super) response: Payload,
}

impl Refusals {
    pub(super) fn told(are_told: bool) -> Self {
        Self { are_told, ..Self::default() }
    }

    /// The last one from now on is kept until it is [taken](Self::take).
    pub(super) fn ask(&mut self) {
        (self.is_asked, self.last) = (true, None);
    }

    pub(super) fn add(&mut self, topic: &str, response: &Payload) {
        if self.is_asked {
            let (topic, response) = (topic.into(), response.clone());
            self.last = Some(Box::new(Refusal { topic, response }));
        }
    }

    pub(super) fn take(&mut self) -> Option<Refusal> {
        self.is_asked = false;
        self.last.take().map(|refusal| *refusal)
    }
}
