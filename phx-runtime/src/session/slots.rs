//! The topics of a connection that are joined or about to be.

use std::collections::HashMap;

use super::slot::Slot;
use crate::message::Topic;

/// So many are looked through one by one.
const FEW: usize = 8;

/// The slots of a connection by their topics. Most connections have few, for which a list takes a
/// fifth of the memory of a map; a client that joins many costs no search through them.
#[expect(clippy::box_collection, reason = "few connections have the map")]
pub(super) enum Slots {
    Few(Vec<Slot>),
    /// The slots are boxed, because a map has room for more than it holds.
    Many(Box<HashMap<Topic, Box<Slot>>>),
}

impl Default for Slots {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl Slots {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Few(list) => list.len(),
            Self::Many(map) => map.len(),
        }
    }

    pub(super) fn get_mut(&mut self, topic: &str) -> Option<&mut Slot> {
        match self {
            Self::Few(list) => list.iter_mut().find(|slot| slot.member.topic == *topic),
            Self::Many(map) => map.get_mut(topic).map(|slot| &mut **slot),
        }
    }

    /// Adds the slot of a topic that has none.
    pub(super) fn add(&mut self, slot: Slot) {
        match self {
            Self::Few(list) if list.len() < FEW => {
                // No room for more than are there: most often nothing follows.
                list.reserve_exact(1);
                list.push(slot);
            }
            Self::Few(list) => {
                let slots = std::mem::take(list).into_iter().chain([slot]);
                *self = Self::Many(Box::new(slots.map(by_topic).collect()));
            }
            Self::Many(map) => {
                let (topic, slot) = by_topic(slot);
                map.insert(topic, slot);
            }
        }
    }

    pub(super) fn remove(&mut self, topic: &str) -> Option<Slot> {
        let removed = match self {
            Self::Few(list) => {
                let at = list.iter().position(|slot| slot.member.topic == *topic)?;
                list.swap_remove(at)
            }
            Self::Many(map) => *map.remove(topic)?,
        };
        if self.len() == 0 {
            *self = Self::default();
        }
        Some(removed)
    }

    pub(super) fn for_each(&self, mut of: impl FnMut(&Slot)) {
        match self {
            Self::Few(list) => list.iter().for_each(of),
            Self::Many(map) => map.values().for_each(|slot| of(slot)),
        }
    }

    pub(super) fn into_list(self) -> Vec<Slot> {
        match self {
            Self::Few(list) => list,
            Self::Many(map) => map.into_values().map(|slot| *slot).collect(),
        }
    }
}

fn by_topic(slot: Slot) -> (Topic, Box<Slot>) {
    (slot.member.topic.clone(), Box::new(slot))
}
