//! The rooms: who is in them, and what was said last.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use serde::Serialize;

use crate::words::{Change, Message, Person};

/// Messages that a room remembers for those who come later.
const REMEMBERED: usize = 50;

/// Deserted rooms that are kept: a lost connection must not cost its owner the conversation.
const DESERTED: usize = 100;

/// All rooms. Cheap to clone.
#[derive(Clone, Default)]
pub struct Rooms(Arc<Mutex<BTreeMap<String, Room>>>);

#[derive(Default)]
struct Room {
    people: Vec<Present>,
    messages: VecDeque<Message>,
}

/// Somebody in a room.
struct Present {
    person: Person,
    /// The other node whose client it is; none if it is this one's.
    node: Option<String>,
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
        room.people.push(Present { person, node: None });
        let people = room.people.iter().map(|present| present.person.clone());
        (people.collect(), room.messages.iter().cloned().collect())
    }

    /// Takes a person out.
    pub fn leave(&self, room: &str, person: u64) {
        let mut rooms = self.lock();
        if let Some(room) = rooms.get_mut(room) {
            room.people.retain(|other| other.person.id != person);
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
        // Unlike those of other nodes, and ascending.
        let id = microseconds().max(room.messages.back().map_or(0, |last| last.id + 1));
        let message = Message { id, from, body, at: now() };
        room.remember(message.clone());
        message
    }

    /// Takes over what another node tells.
    pub fn apply(&self, change: Change, node: &str) {
        match change {
            Change::Entered { room, person } => {
                let mut rooms = self.lock();
                let room = rooms.entry(room).or_default();
                // It is told of all its people when one of the two nodes comes.
                if room.people.iter().all(|present| present.person.id != person.id) {
                    room.people.push(Present { person, node: Some(node.to_owned()) });
                }
            }
            Change::Left { room, person } => self.leave(&room, person),
            Change::Said { room, message } => {
                self.lock().entry(room).or_default().remember(message);
            }
        }
    }

    /// All that happened on this node and counts for others.
    pub fn own_changes(&self) -> Vec<Change> {
        let mut changes = Vec::new();
        for (name, room) in &*self.lock() {
            let own = room.people.iter().filter(|present| present.node.is_none());
            changes.extend(own.map(|present| Change::Entered {
                room: name.clone(),
                person: present.person.clone(),
            }));
            changes.extend(
                room.messages
                    .iter()
                    .map(|message| Change::Said { room: name.clone(), message: message.clone() }),
            );
        }
        changes
    }

    /// Takes out the people of a node that is gone, and tells who they were.
    pub fn node_gone(&self, node: &str) -> Vec<(String, Person)> {
        let mut gone = Vec::new();
        for (name, room) in &mut *self.lock() {
            let is_gone = |present: &mut Present| present.node.as_deref() == Some(node);
            let people = room.people.extract_if(.., is_gone);
            gone.extend(people.map(|present| (name.clone(), present.person)));
        }
        gone
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

impl Room {
    /// Remembers a message, once.
    fn remember(&mut self, message: Message) {
        let at = self.messages.partition_point(|other| other.id < message.id);
        if self.messages.get(at).is_none_or(|other| other.id != message.id) {
            self.messages.insert(at, message);
        }
        if self.messages.len() > REMEMBERED {
            self.messages.pop_front();
        }
    }
}

/// Microseconds since 1970.
pub fn microseconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// Milliseconds since 1970.
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
