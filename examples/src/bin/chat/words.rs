//! Who says what where.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Person {
    pub id: u64,
    pub name: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Message {
    pub id: u64,
    pub from: Person,
    pub body: String,
    /// Milliseconds since 1970.
    pub at: u64,
}

/// Something that happened on one node.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Entered { room: String, person: Person },
    Left { room: String, person: u64 },
    Said { room: String, message: Message },
}
