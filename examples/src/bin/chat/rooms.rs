//! The rooms: who is in them, and what was said last.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use serde::Serialize;

/// Messages that a room remembers for those who come later.
const REMEMBERED: usize = 50;

/// Deserted rooms that are kept: a lost connection must not cost its owner the conversation.
const DESERTED: usize = 100;

/// All rooms. Cheap to clone.
#[derive(Clone, Default)]
pub struct Rooms(Arc<Mutex<BTreeMap<String, Room>>>);

#[derive(Default)]
struct Room {
    people: Vec<Person>,
    messages: VecDeque<Message>,
    said: u64,
}

#[derive(Clone, Debug, Serialize)]
pub struct Person {
    pub id: u64,
    pub name: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct Message {
    pub id: u64,
    pub from: Person,
    pub body: String,
    /// Milliseconds since 1970.
    pub at: u64,
}

/// A line of the lobby's list.
#[derive(Debug, Serialize)]
pub struct Listed {
    name: String,
    people: usize,
}

impl Rooms {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Room>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a person, and tells who is there now and what was said.
    pub fn enter(&self, room: &str, person: Person) -> (Vec<Person>, Vec<Message>) {
        let mut rooms = self.lock();
        let room = rooms.entry(room.to_owned()).or_default();
        room.people.push(person);
        (room.people.clone(), room.messages.iter().cloned().collect())
    }

    /// Takes a person out.
    pub fn leave(&self, room: &str, person: u64) {
        let mut rooms = self.lock();
        if let Some(room) = rooms.get_mut(room) {
            room.people.retain(|other| other.id != person);
        }
        let deserted = rooms.iter().filter(|(_, room)| room.people.is_empty());
        if deserted.clone().count() > DESERTED {
            let silent = deserted.min_by_key(|(_, room)| room.messages.back().map(|last| last.at));
            if let Some(name) = silent.map(|(name, _)| name.clone()) {
                rooms.remove(&name);
            }
        }
    }

    /// Remembers what somebody says.
    pub fn say(&self, room: &str, from: Person, body: String) -> Message {
        let mut rooms = self.lock();
        let room = rooms.entry(room.to_owned()).or_default();
        room.said += 1;
        let message = Message { id: room.said, from, body, at: now() };
        if room.messages.len() == REMEMBERED {
            room.messages.pop_front();
        }
        room.messages.push_back(message.clone());
        message
    }

    /// Tells the rooms that somebody is in. Until `tell` returns nothing changes, so that no
    /// older list overtakes a newer one.
    pub fn list(&self, tell: impl FnOnce(Vec<Listed>)) {
        let rooms = self.lock();
        let inhabited = rooms.iter().filter(|(_, room)| !room.people.is_empty());
        let listed =
            inhabited.map(|(name, room)| Listed { name: name.clone(), people: room.people.len() });
        tell(listed.collect());
    }
}

/// Milliseconds since 1970.
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
