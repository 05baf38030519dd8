//! Everything else that a handler can do, one event for each.

use std::time::Duration;

use phx_runtime::{Binary, Fault, endpoint::Broadcast, prelude::*};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::values::{bytes, raw, text_of, with};

/// How long `timeout` waits for another message.
const TIMEOUT: Duration = Duration::from_millis(30);

#[derive(Default)]
pub(crate) struct MiscChannel {
    /// How many messages the channel got.
    heard: u64,
}

/// What `push_bin` names besides its bytes.
#[derive(Deserialize)]
struct PushBin {
    event: Option<String>,
}

#[derive(Deserialize)]
struct Many {
    n: u64,
}

#[derive(Deserialize)]
struct SubscribeOther {
    topic: String,
}

#[derive(Deserialize)]
struct Timer {
    ms: u64,
}

/// A broadcast that was overheard on another topic.
#[derive(Serialize)]
struct OtherTopic<'a> {
    topic: &'a str,
    event: &'a str,
    payload: Box<RawValue>,
}

/// The time of `timer` is over.
struct Tick;

/// The time of `timeout` is over, which counts if `heard` is still right.
struct TimedOut {
    heard: u64,
}

/// Another task wants the channel dead.
struct Kill;

#[channel("misc:*")]
impl MiscChannel {
    #[join]
    async fn join(params: Payload, topic: &Topic) -> Result<Joined<Self>, JoinError> {
        let joined = Joined::new(Self::default());
        match topic.rest() {
            "binary_reply" => Ok(joined.reply(Binary::from(vec![9, 8, 7]))),
            "error_string" => Err(JoinError::with("just a string")),
            "error_list" => Err(JoinError::with([1, 2])),
            "ok_string" => Ok(joined.reply("just a string")),
            "bad_return" | "exit_normal" => Err(Fault::new("told to fail").into()),
            "throw" => panic!("told to fail"),
            "slow" => {
                tokio::time::sleep(Duration::from_millis(300)).await;
                Ok(joined)
            }
            "params" => Ok(joined.reply(json!({ "params": text_of(&params) }))),
            // There is no socket to push through before the client has joined.
            "push_in_join" => Err(JoinError::new("nothing can be pushed while joining")),
            _ => Ok(joined),
        }
    }

    #[handle_in(
        "reply_ok",
        "reply_error",
        "reply_string",
        "reply_list",
        "reply_nil",
        "reply_custom",
        "inspect"
    )]
    async fn reply(&mut self, payload: Payload, event: Event) -> Reply {
        self.heard += 1;
        match event.as_str() {
            "reply_ok" => Reply::ack(),
            "reply_error" => Reply::error(json!({})),
            "reply_string" => Reply::ok("text"),
            "reply_list" => Reply::ok([1, 2]),
            "reply_nil" => Reply::ok(()),
            "reply_custom" => Reply::status("custom_status", payload),
            _ => Reply::ok(json!({ "inspect": text_of(&payload) })),
        }
    }

    #[handle_in("reply_badstatus", "bad_return", "exit_normal")]
    async fn fail(&mut self, _: Payload) -> Result<(), Fault> {
        Err(Fault::new("told to fail"))
    }

    #[handle_in("throw")]
    async fn throw(&mut self, _: Payload) {
        panic!("told to fail");
    }

    #[handle_in("kill")]
    async fn kill(&mut self, _: Payload, socket: &Socket) {
        let socket = socket.clone();
        tokio::spawn(async move { socket.notify(Kill) });
    }

    #[handle_info]
    async fn killed(&mut self, _: Kill) -> Result<(), Fault> {
        Err(Fault::new("killed"))
    }

    #[handle_in("reply_bin")]
    async fn reply_bin(&mut self, payload: Payload) -> Result<Binary, Fault> {
        self.heard += 1;
        bytes(payload)
    }

    #[handle_in("reply_bin_error")]
    async fn reply_bin_error(&mut self, bytes: Binary) -> Reply {
        self.heard += 1;
        Reply::error(bytes)
    }

    #[handle_in("reply_twice")]
    async fn reply_twice(&mut self, _: Payload, reply: ReplyRef) {
        self.heard += 1;
        reply.ok(json!({ "n": 1 }));
        reply.ok(json!({ "n": 2 }));
    }

    #[handle_in("reply_task")]
    async fn reply_task(&mut self, _: Payload, reply: ReplyRef) {
        self.heard += 1;
        tokio::spawn(async move { reply.ok(json!({ "from": "task" })) });
    }

    #[handle_in("socket_ref_check")]
    async fn refs(&mut self, _: Payload, reply: Option<ReplyRef>, socket: &Socket) -> Reply {
        self.heard += 1;
        Reply::ok(json!({
            "ref": reply.as_ref().map_or("null", ReplyRef::reference),
            "join_ref": socket.join_ref().unwrap_or("null"),
            "topic": socket.topic().as_str(),
            "joined": socket.is_open(),
        }))
    }

    #[handle_in(
        "stop_normal",
        "stop_shutdown",
        "stop_shutdown_tuple",
        "stop_status_only",
        "stop_abnormal",
        "stop_abnormal_reply"
    )]
    async fn stop(&mut self, _: Payload, event: Event) -> Reply {
        let failed = || Reason::failed("told to stop");
        match event.as_str() {
            "stop_normal" => Reply::stop(Reason::Normal),
            "stop_status_only" => Reply::ack().and_stop(Reason::Normal),
            "stop_abnormal" => Reply::stop(failed()),
            "stop_abnormal_reply" => Reply::error(json!({ "last": "words" })).and_stop(failed()),
            _ => Reply::stop(Reason::Shutdown),
        }
    }

    #[handle_in("push")]
    async fn push(&mut self, payload: Payload, socket: &Socket) -> Reply {
        self.heard += 1;
        socket.push("pushed", payload);
        Reply::ack()
    }

    #[handle_in("push_bin")]
    async fn push_bin(&mut self, payload: Payload, socket: &Socket) -> Result<Reply, Fault> {
        self.heard += 1;
        let event = payload.clone().decode::<PushBin>()?.event;
        socket.push(event.as_deref().unwrap_or("pushed_bin"), bytes(payload)?);
        Ok(Reply::none())
    }

    #[handle_in("push_string")]
    async fn push_string(&mut self, _: Payload, socket: &Socket) {
        self.heard += 1;
        socket.push("pushed", "text");
    }

    #[handle_in("many")]
    async fn many(&mut self, Many { n }: Many, socket: &Socket) -> Reply {
        self.heard += 1;
        for i in 1..=n {
            socket.push("item", json!({ "i": i }));
        }
        Reply::ok(json!({ "n": n }))
    }

    #[handle_in("broadcast")]
    async fn broadcast(&mut self, payload: Payload, socket: &Socket) -> Reply {
        self.heard += 1;
        socket.broadcast("all", payload);
        Reply::ack()
    }

    #[handle_in("broadcast_from")]
    async fn broadcast_from(&mut self, payload: Payload, socket: &Socket) -> Reply {
        self.heard += 1;
        socket.broadcast_from("others", payload);
        Reply::ack()
    }

    #[handle_in("broadcast_bin")]
    async fn broadcast_bin(&mut self, payload: Payload, socket: &Socket) -> Result<Reply, Fault> {
        self.heard += 1;
        socket.broadcast("all_bin", bytes(payload)?);
        Ok(Reply::none())
    }

    #[handle_in("broadcast_string")]
    async fn broadcast_string(&mut self, _: Payload, socket: &Socket) -> Reply {
        self.heard += 1;
        socket.broadcast("all", "text");
        Reply::ack()
    }

    #[handle_in("broadcast_intercepted")]
    async fn broadcast_intercepted(&mut self, payload: Payload, socket: &Socket) {
        self.heard += 1;
        socket.broadcast("intercepted", payload);
    }

    #[handle_out("intercepted")]
    async fn intercepted(&mut self, payload: Payload, socket: &Socket) -> Result<(), Fault> {
        self.heard += 1;
        socket.push("intercepted", with(payload, "seen_by", socket.transport().as_str())?);
        Ok(())
    }

    #[handle_in("broadcast_swallowed")]
    async fn broadcast_swallowed(&mut self, payload: Payload, socket: &Socket) -> Reply {
        self.heard += 1;
        socket.broadcast("swallowed", payload);
        Reply::ack()
    }

    #[handle_out("swallowed")]
    async fn swallow(&mut self, _: Payload) {
        self.heard += 1;
    }

    #[handle_in("subscribe_other")]
    async fn subscribe(&mut self, other: SubscribeOther, socket: &Socket) -> Reply {
        self.heard += 1;
        socket.subscribe(other.topic);
        Reply::ack()
    }

    #[handle_info]
    async fn overheard(&mut self, broadcast: Broadcast, socket: &Socket) -> Result<(), Fault> {
        self.heard += 1;
        let payload = raw(&broadcast.payload())?;
        let (topic, event) = (broadcast.topic(), broadcast.event());
        socket.push("other_topic", OtherTopic { topic, event, payload });
        Ok(())
    }

    #[handle_in("timer")]
    async fn timer(&mut self, Timer { ms }: Timer, socket: &Socket) {
        self.heard += 1;
        socket.notify_after(Duration::from_millis(ms), Tick);
    }

    #[handle_info]
    async fn tick(&mut self, _: Tick, socket: &Socket) {
        self.heard += 1;
        socket.push("tick", json!({}));
    }

    #[handle_in("hibernate")]
    async fn hibernate(&mut self, _: Payload) {
        self.heard += 1;
    }

    #[handle_in("timeout")]
    async fn timeout(&mut self, _: Payload, socket: &Socket) {
        self.heard += 1;
        socket.notify_after(TIMEOUT, TimedOut { heard: self.heard });
    }

    #[handle_info]
    async fn timed_out(&mut self, TimedOut { heard }: TimedOut, socket: &Socket) {
        if heard == self.heard {
            socket.push("timed_out", json!({}));
        }
    }
}
