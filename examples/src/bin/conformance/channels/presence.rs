//! Who is here.

use std::time::{SystemTime, UNIX_EPOCH};

use phx_runtime::{Presence, prelude::*};
use serde::{Deserialize, Serialize};
use serde_json::value::to_raw_value;

use crate::values::{Object, Raw, field, text_field};

pub(crate) struct PresenceChannel {
    user: String,
    name: Raw,
}

struct AfterJoin;

#[derive(Deserialize)]
struct Key {
    key: String,
}

#[derive(Serialize)]
struct Meta<'a> {
    online_at: u64,
    name: &'a Raw,
}

#[channel("presence:*")]
impl PresenceChannel {
    #[join]
    async fn join(params: Payload) -> Result<Joined<Self>, JoinError> {
        let user = text_field(&params, "user").unwrap_or_else(|| "anon".into());
        Ok(Joined::new(Self { user, name: field(&params, "name") }).then(AfterJoin))
    }

    #[handle_info]
    async fn after_join(
        &mut self,
        _: AfterJoin,
        socket: &Socket,
        presence: State<Presence>,
    ) -> Result<(), Fault> {
        presence.track(socket, &self.user, self.meta())?;
        socket.push("presence_state", presence.list(socket.topic()));
        Ok(())
    }

    #[handle_in("update")]
    async fn update(
        &mut self,
        changes: Payload,
        socket: &Socket,
        presence: State<Presence>,
    ) -> Result<(), Fault> {
        let meta = Object::from([
            ("online_at".into(), to_raw_value(&now())?),
            ("name".into(), to_raw_value(&self.name)?),
        ]);
        presence.update(socket, &self.user, merged(meta, changes)?)?;
        Ok(())
    }

    #[handle_in("update_fn")]
    async fn update_fn(
        &mut self,
        changes: Payload,
        socket: &Socket,
        presence: State<Presence>,
    ) -> Result<(), Fault> {
        let changes = changes.decode::<Object>()?;
        let with_changes = |mut meta: Object| {
            meta.extend(changes.clone());
            meta
        };
        presence.update_with(socket, &self.user, with_changes)?;
        Ok(())
    }

    #[handle_in("track")]
    async fn track(
        &mut self,
        meta: Payload,
        socket: &Socket,
        presence: State<Presence>,
    ) -> Result<Reply, Fault> {
        let Key { key } = meta.clone().decode()?;
        let mut meta = meta.decode::<Object>()?;
        meta.insert("extra".into(), to_raw_value(&true)?);
        Ok(match presence.track(socket, key, meta) {
            Ok(_) => Reply::ack(),
            Err(error) => Reply::error(json!({ "reason": error.to_string() })),
        })
    }

    #[handle_in("untrack")]
    async fn untrack(&mut self, key: Key, socket: &Socket, presence: State<Presence>) -> Reply {
        presence.untrack(socket, key.key);
        Reply::ack()
    }

    #[handle_in("list")]
    async fn list(&mut self, _: Payload, socket: &Socket, presence: State<Presence>) -> Reply {
        Reply::ok(presence.list(socket.topic()))
    }

    #[handle_in("get")]
    async fn get(&mut self, key: Key, socket: &Socket, presence: State<Presence>) -> Reply {
        match presence.get(socket.topic(), key.key) {
            Some(entry) => Reply::ok(json!({ "result": entry })),
            None => Reply::ok(json!({ "result": [] })),
        }
    }
}

impl PresenceChannel {
    fn meta(&self) -> Meta<'_> {
        Meta { online_at: now(), name: &self.name }
    }
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// `object` with the fields of `changes` put over its own.
fn merged(mut object: Object, changes: Payload) -> Result<Object, Fault> {
    object.extend(changes.decode::<Object>()?);
    Ok(object)
}
