// Programs that are being typed, in both forms, and what an editor has to know of them.

const types = `
use phx_runtime::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
pub struct NewMsg { pub body: String }

#[event("said")]
#[derive(Serialize)]
pub struct Said { pub body: String }

#[derive(Clone)]
pub struct Store;
impl Store { pub fn remember(&self, _: &str) {} }
`

/// A channel and its socket; `handlers` is a function of `self`'s type and receiver.
const forms = {
  impl: (handlers, { join, patterns, list } = {}) => `${types}
pub struct RoomChannel { room_id: u64, sent: u32 }

#[channel(${patterns ?? '"room:{room_id}", sends(Said)'})]
impl RoomChannel {
    ${join ?? "#[join]\n    async fn join(room_id: u64, user: &UserSocket) -> Result<Self, JoinError> { Ok(Self { room_id, sent: 0 }) }"}
    ${handlers.replaceAll("SELF", "&mut self").replaceAll("STATE", "self")}
}

pub struct UserSocket { user_id: u64 }

#[socket("/socket", websocket)]
#[channels(${list ?? "RoomChannel"})]
impl UserSocket {
    #[connect]
    async fn connect() -> Result<Self, ConnectError> { Ok(Self { user_id: 1 }) }
}
`,
  module: (handlers, { join, patterns, list } = {}) => `${types}
#[channel(${patterns ?? '"room:{room_id}", sends(Said)'})]
pub mod room {
    use super::*;

    #[assigns]
    pub struct RoomChannel { room_id: u64, sent: u32 }
    ${join ?? "#[join]\n    async fn join(room_id: u64, user: &UserSocket) -> Result<RoomChannel, JoinError> { Ok(RoomChannel { room_id, sent: 0 }) }"}
    ${handlers.replaceAll("SELF", "room: &mut RoomChannel").replaceAll("STATE", "room")}
}

pub struct UserSocket { user_id: u64 }

#[socket("/socket", websocket)]
#[channels(${list ?? "room::RoomChannel"})]
impl UserSocket {
    #[connect]
    async fn connect() -> Result<Self, ConnectError> { Ok(Self { user_id: 1 }) }
}
`,
}

const says = (body, rest = "") => `#[handle_in("new_msg")]
    async fn new_msg(SELF, msg: NewMsg, socket: &Socket, store: State<Store>) -> Reply {
        ${body}
    }
    ${rest}`

/// What is there, and what is asked where `$0` is.
const situations = [
  ["unfinished `self.`", "completion", "sent", says("STATE.$0")],
  ["`self.` without a semicolon before more", "completion", "sent", says("let x = STATE.$0\n        Reply::ack()")],
  ["unfinished `socket.`", "completion", "broadcast_event", says("socket.$0")],
  ["`socket.` before more", "completion", "broadcast_event", says("socket.$0\n        Reply::ack()")],
  ["unfinished `msg.`", "completion", "body", says("msg.$0")],
  ["unfinished `store.`", "completion", "remember", says("store.$0")],
  ["unfinished `Reply::`", "completion", "error", says("Reply::$0")],
  ["unfinished arguments", "completion", "msg", says('socket.broadcast("said", m$0')],
  ["unfinished arguments before more", "completion", "body", says('socket.broadcast("said", msg.$0\n        Reply::ack()')],
  ["inside `json!`", "completion", "body", says('socket.push("said", json!({ "body": msg.b$0 }));\n        Reply::ack()')],
  ["an unfinished `match`", "completion", "sent", says("match STATE.$0 {\n        Reply::ack()")],
  ["a brace that is missing", "completion", "sent", says("if true { STATE.$0\n        Reply::ack()")],
  ["a type being typed", "completion", "Socket", says("Reply::ack()", '#[handle_in("b")]\n    fn b(SELF, socket: &So$0) {}')],
  ["another handler half typed", "completion", "sent", says("STATE.$0", '#[handle_in("half")]\n    async fn half(SELF, ')],
  ["another handler without a body", "completion", "sent", says("STATE.$0", '#[handle_in("half")]\n    async fn half(SELF)')],
  ["another mark half typed", "completion", "sent", says("STATE.$0", "#[handle_in(")],
  ["a mark without a function", "completion", "sent", says("STATE.$0", '#[handle_in("half")]')],
  ["an unknown mark", "completion", "sent", says("STATE.$0", '#[handel_in("b")]\n    fn b(SELF) {}')],
  ["no `#[join]`", "completion", "sent", says("STATE.$0"), { join: "" }],
  ["no pattern", "completion", "sent", says("STATE.$0"), { patterns: "" }],
  ["a pattern without its brace", "completion", "sent", says("STATE.$0"), { patterns: '"room:{room_id"' }],
  ["an argument that is none", "completion", "sent", says("STATE.$0", '#[handle_in("b")]\n    fn b(SELF, x: &Store) {}')],
  ["an option being typed", "completion", "sent", says("STATE.$0"), { patterns: '"room:{room_id}", log_' }],
  ["hover on an argument", "hover", "Socket", says("soc$0ket.push(\"a\", 1);\n        Reply::ack()")],
  ["hover on a method before an unfinished line", "hover", "broadcast", says('socket.broad$0cast("a", 1);\n        STATE.')],
  ["hover on a field", "hover", "sent: u32", says("STATE.se$0nt += 1\n        Reply::ack()")],
  ["hover on `handle_in`", "hover", "Handles messages", says("Reply::ack()").replace("#[handle_in", "#[hand$0le_in")],
  ["hover on `join`", "hover", "join", says("Reply::ack()"), { mark: ["#[join]", "#[jo$0in]"] }],
  ["hover on `channel`", "hover", "channel", says("Reply::ack()"), { mark: ["#[channel(", "#[chan$0nel("] }],
  ["definition of a payload's type", "definition", "pub struct NewMsg", says("Reply::ack()").replace("msg: NewMsg", "msg: New$0Msg")],
  ["definition of a context's type", "definition", "pub struct UserSocket", says("Reply::ack()"), { mark: ["&UserSocket", "&User$0Socket"] }],
  ["definition from `#[channels(..)]`", "definition", "pub struct RoomChannel", says("Reply::ack()"), { mark: ["RoomChannel)]\nimpl UserSocket", "Room$0Channel)]\nimpl UserSocket"] }],
  ["definition from a routed entry of `#[channels(..)]`", "definition", "pub struct RoomChannel", says("Reply::ack()"), { list: '"room:{room_id}" => LIST', mark: ["RoomChannel)]\nimpl UserSocket", "Room$0Channel)]\nimpl UserSocket"] }],
  ["definition from `sends(..)`", "definition", "pub struct Said", says("Reply::ack()"), { mark: ["sends(Said)", "sends(Sa$0id)"] }],
  ["definition from `#[channels(..)]` while a handler is half typed", "definition", "pub struct RoomChannel", says("STATE.", '#[handle_in("half")]\n    async fn half(SELF, '), { mark: ["RoomChannel)]\nimpl UserSocket", "Room$0Channel)]\nimpl UserSocket"] }],
  ["definition of `RoomChannel::topic`", "definition", '"room:{room_id}"', says("let topic = RoomChannel::top$0ic(1);\n        Reply::ack()")],
  ["rename of a field", "rename", "seen", says("STATE.se$0nt += 1;\n        Reply::ack()")],
  ["rename of a topic parameter", "rename", "renamed", says("Reply::ack()"), { mark: ["join(room_id", "join(roo$0m_id"] }],
  ["rename of a handler's argument", "rename", "renamed", says("soc$0ket.push(\"a\", 1);\n        Reply::ack()")],
  ["rename of a channel", "rename", "Renamed", says("Reply::ack()"), { mark: ["pub struct RoomChannel", "pub struct Room$0Channel"] }],
]

/// All of them, for one form.
export function programs(form) {
  return situations.map(([what, asks, wanted, handlers, options = {}]) => {
    const route = form === "impl" ? "RoomChannel" : "room::RoomChannel"
    const list = options.list?.replace("LIST", route)
    let program = forms[form](handlers, { ...options, list })
    if (options.mark) program = program.replace(...options.mark)
    return { what, asks, wanted, program }
  })
}
