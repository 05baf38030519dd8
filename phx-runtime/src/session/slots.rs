//! The topics of a connection that are joined or about to be.

use std::collections::HashMap;

use super::slot::Slot;
use crate::message::Topic;

/// So many are looked through one by one.
const FEW: usize = 8;

/// The slots of a connection by their topics. Most connections have one, which needs no memory of its
/// own, or few, for which a list takes a fifth of the memory of a map; a client that joins many costs no
/// search through them.
#[expect(clippy::box_collection, reason = "few connections have the map")]
#[derive(Default)]
pub(super) enum Slots {
    #[default]
    None,
    One(Slot),
    Few(Vec<Slot>),
    /// The slots are boxed, because a map has room for more than it holds.
    Many(Box<HashMap<Topic, Box<Slot>>>),
}

impl Slots {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::One(_) => 1,
            Self::Few(list) => list.len(),
            Self::Many(map) => map.len(),
        }
    }

    pub(super) fn get_mut(&mut self, topic: &str) -> Option<&mut Slot> {
        match self {
            Self::None => None,
            Self::One(slot) => (slot.member.topic == *topic).then_some(slot),
            Self::Few(list) => list.iter_mut().find(|slot| slot.member.topic == *topic),
            Self::Many(map) => map.get_mut(topic).map(|slot| &mut **slot),
        }
    }

    /// Adds the slot of a topic that has none.
    pub(super) fn add(&mut self, slot: Slot) {
        *self = match std::mem::take(self) {
            Self::None => Self::One(slot),
            Self::One(first) => Self::Few(vec![first, slot]),
            Self::Few(mut list) if list.len() < FEW => {
                // No room for more than are there: most often nothing follows.
                list.reserve_exact(1);
                list.push(slot);
                Self::Few(list)
            }
            Self::Few(list) => {
                let slots = list.into_iter().chain([slot]);
                Self::Many(Box::new(slots.map(by_topic).collect()))
            }
            Self::Many(mut map) => {
                let (topic, slot) = by_topic(slot);
                map.insert(topic, slot);
                Self::Many(map)
            }
        };
    }

    pub(super) fn remove(&mut self, topic: &str) -> Option<Slot> {
        let (removed, rest) = match std::mem::take(self) {
            Self::None => (None, Self::None),
            Self::One(slot) if slot.member.topic == *topic => (Some(slot), Self::None),
            Self::One(slot) => (None, Self::One(slot)),
            Self::Few(mut list) => {
                let at = list.iter().position(|slot| slot.member.topic == *topic);
                (at.map(|at| list.swap_remove(at)), Self::Few(list))
            }
            Self::Many(mut map) => (map.remove(topic).map(|slot| *slot), Self::Many(map)),
        };
        if rest.len() > 0 {
            *self = rest;
        }
        removed
    }

    pub(super) fn for_each(&self, mut of: impl FnMut(&Slot)) {
        match self {
            Self::None => {}
            Self::One(slot) => of(slot),
            Self::Few(list) => list.iter().for_each(of),
            Self::Many(map) => map.values().for_each(|slot| of(slot)),
        }
    }

    pub(super) fn into_list(self) -> Vec<Slot> {
        match self {
            Self::None => Vec::new(),
            Self::One(slot) => vec![slot],
            Self::Few(list) => list,
            Self::Many(map) => map.into_values().map(|slot| *slot).collect(),
        }
    }
}

fn by_topic(slot: Slot) -> (Topic, Box<Slot>) {
    (slot.member.topic.clone(), Box::new(slot))
}
