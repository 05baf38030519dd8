import { Socket } from "./phx.js";
import * as view from "./view.js";

const FIRST_ROOM = "general";
const LINES_KEPT = 300;
const TYPING_SENT_EVERY = 2500;
const TYPING_ENDS_AFTER = 5000;

const me = {
  name: localStorage.getItem("phx-chat:name") ?? "",
  // The server gives a new id to every connection; messages of earlier ones are still ours.
  ids: new Set(JSON.parse(sessionStorage.getItem("phx-chat:ids") ?? "[]")),
};

/** The rooms that this tab is in, by name. Each has a channel of its own on the one socket. */
const rooms = new Map();
let current = null;
let listed = [];

// --- The connection

const DELAYS = [10, 50, 100, 150, 200, 250, 500, 1000, 2000];
let retryAt = null;
let wasLost = false;

const socket = new Socket("/socket", {
  params: () => ({ name: me.name }),
  reconnectAfterMs(tries) {
    const delay = DELAYS[tries - 1] ?? 5000;
    retryAt = Date.now() + delay;
    return delay;
  },
});

socket.onOpen(() => {
  retryAt = null;
  showState();
  if (wasLost) view.flash("Back online");
  wasLost = false;
});

socket.onClose(() => {
  wasLost = true;
  showState();
});

const lobby = socket.channel("lobby");
lobby.on("rooms", ({ rooms: all }) => {
  listed = all;
  showRooms();
});

lobby.on("node", ({ name }) => view.showNode(name));

function retryNow() {
  socket.disconnect(() => {
    retryAt = Date.now();
    socket.connect();
    showState();
  });
}

// --- Rooms

function open(name) {
  if (current) tellTyping(false);
  if (!rooms.has(name)) enter(name);
  current = rooms.get(name);
  current.unread = 0;
  remember();
  view.showRoom(current, me);
  showTyping(current);
  showRooms();
  showState();
}

function enter(name) {
  const room = {
    name,
    channel: null,
    people: [],
    lines: [],
    drafts: [],
    typing: new Map(),
    unread: 0,
    down: false,
  };
  rooms.set(name, room);
  join(room);
}

function join(room) {
  const channel = socket.channel(`room:${room.name}`, () => ({ name: me.name }));
  room.channel = channel;

  channel.on("new_msg", (message) => {
    if (me.ids.has(message.from.id)) dropDraftOf(room, message);
    stopTyping(room, message.from.id);
    add(room, { kind: "message", ...message });
    if (room !== current || document.hidden) {
      room.unread += 1;
      showRooms();
    }
  });

  channel.on("user_joined", ({ id, name }) => {
    room.people = [...room.people.filter((person) => person.id !== id), { id, name }];
    if (!me.ids.has(id)) add(room, { kind: "notice", text: `${name} joined` });
    showPeople(room);
  });

  channel.on("user_left", ({ id, name }) => {
    room.people = room.people.filter((person) => person.id !== id);
    stopTyping(room, id);
    if (!me.ids.has(id)) add(room, { kind: "notice", text: `${name} left` });
    showPeople(room);
  });

  channel.on("typing", ({ id, name, typing }) => {
    stopTyping(room, id);
    if (typing) {
      const timer = setTimeout(() => stopTyping(room, id), TYPING_ENDS_AFTER);
      room.typing.set(id, { name, timer });
    }
    showTyping(room);
  });

  channel.onError(() => {
    room.down = true;
    showState();
  });

  // The hooks of a join run again for every rejoin, so a room heals after a lost connection.
  channel
    .join()
    .receive("ok", (reply) => joined(room, reply))
    .receive("error", ({ reason }) => refused(room, reason));
}

function joined(room, { you, people, messages }) {
  me.ids.add(you);
  sessionStorage.setItem("phx-chat:ids", JSON.stringify([...me.ids].slice(-20)));
  const known = new Set(room.lines.map((line) => line.id));
  const missed = messages.filter((message) => !known.has(message.id));
  for (const message of missed) {
    if (me.ids.has(message.from.id)) dropDraftOf(room, message);
  }
  room.people = people;
  // What was read stays, even if the server has forgotten it.
  const lines = [...room.lines, ...missed.map((message) => ({ kind: "message", ...message }))];
  if (room.down) lines.push({ kind: "notice", text: "You are back in the room" });
  room.lines = lines.slice(-LINES_KEPT);
  room.down = false;
  if (room === current) view.showRoom(room, me);
  showState();
}

function refused(room, reason) {
  // Who does not leave would try again and again.
  if (reason === "bad room name") {
    leave(room);
    view.flash(`#${room.name}: ${reason}`);
  } else {
    room.channel.leave();
    askName(reason);
  }
}

function leave(room) {
  room.channel.leave();
  rooms.delete(room.name);
  remember();
  if (room !== current) return showRooms();
  const next = rooms.keys().next().value ?? FIRST_ROOM;
  if (next === roomInUrl()) open(next);
  else location.hash = next;
}

function remember() {
  sessionStorage.setItem("phx-chat:rooms", JSON.stringify([...rooms.keys()]));
}

function add(room, line) {
  room.lines = [...room.lines, line].slice(-LINES_KEPT);
  if (room === current) view.addLine(line, room, me);
}

// --- What the user does

const commands = {
  name: { about: "NAME: call yourself something else", run: (name) => askName("", name) },
  join: { about: "ROOM: open a room", run: (name) => visit(name) },
  leave: { about: "leave this room", run: () => leave(current) },
  crash: {
    about: "make the server's handler panic: this room alone restarts",
    run: () => current.channel.push("crash"),
  },
  disconnect: {
    about: "let the server cut this connection: it comes back by itself",
    run: () => current.channel.push("disconnect"),
  },
};

function send(text) {
  const [, command, argument] = text.match(/^\/(\w+)\s*(.*)$/) ?? [];
  if (!command) post(current, text);
  else if (Object.hasOwn(commands, command)) commands[command].run(argument);
  else add(current, { kind: "notice", text: `There is no command /${command}` });
  tellTyping(false);
}

/** A message is a draft until the server has it: what cannot be sent now goes out later. */
function post(room, body) {
  const draft = { body, problem: null };
  room.drafts.push(draft);
  showDrafts(room);
  const failed = (problem) => {
    draft.problem = problem;
    showDrafts(room);
  };
  room.channel
    .push("new_msg", { body })
    .receive("ok", () => dropDraft(room, draft))
    .receive("error", ({ reason }) => failed(reason))
    .receive("timeout", () => failed(socket.isConnected() ? "no answer" : "no connection"));
}

function repost(draft) {
  dropDraft(current, draft);
  post(current, draft.body);
}

function dropDraft(room, draft) {
  room.drafts = room.drafts.filter((other) => other !== draft);
  showDrafts(room);
}

/** Our own message comes back as a broadcast before it is answered. */
function dropDraftOf(room, { body }) {
  const draft = room.drafts.find((each) => each.body.trim() === body);
  if (draft) dropDraft(room, draft);
}

let typingSent = 0;
let typingTimer;

function tellTyping(typing) {
  clearTimeout(typingTimer);
  if (typing) typingTimer = setTimeout(tellTyping, TYPING_SENT_EVERY, false);
  const due = typing ? Date.now() - typingSent > TYPING_SENT_EVERY : typingSent > 0;
  if (!due || !current.channel.canPush()) return;
  typingSent = typing ? Date.now() : 0;
  current.channel.push("typing", { typing });
}

function visit(text) {
  const name = roomName(text);
  if (name) location.hash = name;
}

/** "Rust & Elixir!" is the room "rust-elixir". */
function roomName(text) {
  const dashed = text.toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 33);
  return dashed.replace(/^-/, "").slice(0, 32).replace(/-$/, "");
}

async function askName(problem = "", proposal = "") {
  const name = await view.askName(proposal || me.name, problem);
  if (!name && !me.name) return askName();
  if (!name || name === me.name) return;
  me.name = name;
  localStorage.setItem("phx-chat:name", name);
  view.showMe(me);
  if (!current) return start();
  for (const room of rooms.values()) {
    room.channel.leave();
    join(room);
  }
  open(roomInUrl());
}

// --- What is shown

function showRooms() {
  const names = new Map([...rooms.keys()].map((name) => [name, { name, people: 0 }]));
  for (const room of listed) names.set(room.name, room);
  const list = [...names.values()]
    .sort((a, b) => a.name.localeCompare(b.name))
    .map((room) => ({
      ...room,
      joined: rooms.has(room.name),
      current: room.name === current?.name,
      unread: rooms.get(room.name)?.unread ?? 0,
    }));
  view.showRooms(list);
}

function showPeople(room) {
  if (room === current) view.showPeople(room.people, me);
}

function showDrafts(room) {
  if (room === current) view.showDrafts(room.drafts);
}

function stopTyping(room, id) {
  clearTimeout(room.typing.get(id)?.timer);
  if (room.typing.delete(id)) showTyping(room);
}

function showTyping(room) {
  if (room === current) view.showTyping([...room.typing.values()].map(({ name }) => name));
}

function showState() {
  if (socket.isConnected()) view.showState({ online: true, roomDown: current?.down ?? false });
  else if (wasLost) view.showState({ online: false, retryAt });
}

// --- Start

const roomInUrl = () => roomName(location.hash) || FIRST_ROOM;

function start() {
  socket.connect();
  lobby.join();
  for (const name of JSON.parse(sessionStorage.getItem("phx-chat:rooms") ?? "[]")) enter(name);
  open(roomInUrl());
}

view.listen({
  send,
  typing: () => tellTyping(true),
  visit,
  leave: (name) => leave(rooms.get(name)),
  repost,
  retryNow,
  rename: () => askName(),
  commands: Object.entries(commands).map(([name, { about }]) => ({ name, about })),
});

window.addEventListener("hashchange", () => current && open(roomInUrl()));
document.addEventListener("visibilitychange", () => {
  if (document.hidden || !current) return;
  current.unread = 0;
  showRooms();
});

view.showMe(me);
if (me.name) start();
else askName();
