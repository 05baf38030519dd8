// The chat server, as clients of Phoenix see it.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";

import { clients } from "./support/clients.js";
import { Guest, PATIENCE_MS } from "./support/guest.js";
import { startServer } from "./support/server.js";

let server;
let rooms = 0;
const newRoom = () => `room-${++rooms}`;

before(async () => {
  server = await startServer();
});
afterEach(() => {
  for (const guest of Guest.all) guest.go();
});
after(() => server?.stop());

for (const client of clients) {
  describe(`${client.name} over WebSocket`, () => chats(client));
  if (!client.LongPoll) continue;
  describe(`${client.name} over long-polling`, () => chats(client, { transport: client.LongPoll }));
  if (!client.fallsBack) continue;
  describe(`${client.name} that falls back`, () => fallsBack(client));
}

test("a server that is told to end sends its clients away to come back, and ends", async () => {
  const mine = await startServer();
  const ann = new Guest(clients[0], mine.ws);
  await ann.room("general", "Ann");
  const ended = mine.stop();
  assert.equal((await ann.closed()).info.code, 1012);
  ann.go();
  assert.equal(await ended, 0);
});

test("what was said is still there when the only person comes back", async () => {
  const name = newRoom();
  const ann = await new Guest(clients[0], server.ws).room(name, "Ann");
  await ann.say("anybody?");
  ann.channel.push("disconnect");
  const { messages } = await ann.answer("ok");
  assert.deepEqual(messages.map((message) => message.body), ["anybody?"]);
});

function chats(client, options = {}) {
  const polls = options.transport !== undefined;
  const guest = (more) => new Guest(client, server.ws, { ...options, ...more });

  test("a room tells a newcomer who is there and what was said", async () => {
    const name = newRoom();
    const ann = await guest().room(name, "Ann");
    assert.deepEqual(ann.reply.people, [{ id: ann.reply.you, name: "Ann" }]);
    assert.deepEqual(ann.reply.messages, []);
    await ann.say("first");

    const bob = await guest().room(name, "Bob");
    assert.notEqual(bob.reply.you, ann.reply.you);
    assert.deepEqual(bob.reply.people.map((person) => person.name).sort(), ["Ann", "Bob"]);
    assert.deepEqual(bob.reply.messages.map((message) => message.body), ["first"]);
    const { payload } = await ann.next("user_joined", ({ id }) => id === bob.reply.you);
    assert.deepEqual(payload, { id: bob.reply.you, name: "Bob" });
  });

  const unordered = polls && client.pollsInOrder === false;
  test("only the last 50 messages are told", { skip: unordered }, async () => {
    const name = newRoom();
    const ann = await guest().room(name, "Ann");
    await Promise.all(Array.from({ length: 60 }, (_, index) => ann.say(`line ${index}`)));
    const bob = await guest().room(name, "Bob");
    assert.equal(bob.reply.messages.length, 50);
    assert.equal(bob.reply.messages[0].body, "line 10");
    assert.equal(bob.reply.messages[49].body, "line 59");
  });

  test("a join with a bad name, a bad room or an unknown topic is refused with a reason", async () => {
    const refusals = [
      ["room:ok", { name: " " }, "empty name"],
      ["room:ok", { name: "x".repeat(33) }, "name too long"],
      ["room:Not A Room", { name: "Ann" }, "bad room name"],
      [`room:${"x".repeat(33)}`, { name: "Ann" }, "bad room name"],
      ["kitchen", {}, "unmatched topic"],
    ];
    const { socket } = guest();
    for (const [topic, params, reason] of refusals) {
      const channel = socket.channel(topic, params);
      const refused = await new Promise((resolve, reject) => {
        channel.join().receive("error", resolve).receive("timeout", reject);
      });
      channel.leave();
      assert.equal(refused.reason, reason);
    }
  });

  test("a message reaches everybody in the room and is acknowledged", async () => {
    const name = newRoom();
    const ann = await guest().room(name, "Ann");
    const bob = await guest().room(name, "Bob");
    const elsewhere = await guest().room(newRoom(), "Eve");

    const before = Date.now();
    const id = await ann.say("  grüße 👋 <b>  ");
    for (const seat of [ann, bob]) {
      const { payload } = await seat.next("new_msg");
      const { at, ...message } = payload;
      const from = { id: ann.reply.you, name: "Ann" };
      assert.deepEqual(message, { id, from, body: "grüße 👋 <b>" });
      assert.ok(at >= before - 1000 && at <= Date.now() + 1000, "`at` is in milliseconds");
    }
    await elsewhere.say("mine");
    assert.equal((await elsewhere.next("new_msg")).payload.body, "mine");
  });

  test("messages keep their order", { skip: unordered }, async () => {
    const name = newRoom();
    const ann = await guest().room(name, "Ann");
    const bob = await guest().room(name, "Bob");
    const sent = Array.from({ length: 30 }, (_, index) => `${index}`);
    await Promise.all(sent.map((body) => ann.say(body)));
    const seen = [];
    for (const _ of sent) seen.push((await bob.next("new_msg")).payload.body);
    assert.deepEqual(seen, sent);
  });

  test("an empty or an endless message is answered with an error", async () => {
    const ann = await guest().room(newRoom(), "Ann");
    const empty = await ann.ask("new_msg", { body: "   " });
    assert.deepEqual(empty, { status: "error", response: { reason: "empty" } });
    const long = await ann.ask("new_msg", { body: "x".repeat(2001) });
    assert.deepEqual(long, { status: "error", response: { reason: "too long" } });
    await ann.say("still here");
  });

  test("an unknown event and a payload of the wrong shape leave the channel alive", async () => {
    const ann = await guest().room(newRoom(), "Ann");
    assert.equal((await ann.ask("dance")).status, "error");
    assert.equal((await ann.ask("new_msg", { body: 7 })).status, "error");
    await ann.say("still here");
  });

  test("who types is shown to the others only", async () => {
    const name = newRoom();
    const ann = await guest().room(name, "Ann");
    const bob = await guest().room(name, "Bob");
    ann.channel.push("typing", { typing: true });
    const { payload } = await bob.next("typing");
    assert.deepEqual(payload, { id: ann.reply.you, name: "Ann", typing: true });
    await ann.say("done");
    assert.deepEqual(ann.inbox.rest.filter(({ event }) => event === "typing"), []);
  });

  test("the others see who leaves, by leaving or by closing the connection", async () => {
    const name = newRoom();
    const ann = await guest().room(name, "Ann");
    const bob = await guest().room(name, "Bob");
    const cid = guest();
    const cidsSeat = await cid.room(name, "Cid");

    await bob.leave();
    await bob.next("closed");
    const left = await ann.next("user_left");
    assert.deepEqual(left.payload, { id: bob.reply.you, name: "Bob" });

    // A client that polls says nothing when it goes.
    if (polls) return;
    cid.go();
    const gone = await ann.next("user_left");
    assert.deepEqual(gone.payload, { id: cidsSeat.reply.you, name: "Cid" });
  });

  test("the lobby lists the rooms and how many are in them", async () => {
    const name = newRoom();
    const lobby = guest().enter("lobby");
    await lobby.answer("ok");
    await lobby.next("rooms");
    const ann = await guest().room(name, "Ann");
    const people = ({ rooms }) => rooms.find((room) => room.name === name)?.people;
    await lobby.next("rooms", (list) => people(list) === 1);
    const bob = await guest().room(name, "Bob");
    await lobby.next("rooms", (list) => people(list) === 2);
    await Promise.all([ann.leave(), bob.leave()]);
    await lobby.next("rooms", (list) => people(list) === undefined);
  });

  test("one socket holds many rooms, and joining one again replaces the older channel", async () => {
    const ann = guest();
    const name = newRoom();
    const one = await ann.room(name, "Ann");
    const two = await ann.room(newRoom(), "Ann");
    await one.say("one");
    await two.say("two");

    const again = await ann.room(name, "Ann");
    await one.next("closed");
    assert.equal(again.reply.people.length, 1);
    await again.say("again");
    assert.equal((await again.next("new_msg")).payload.body, "again");
    await two.say("undisturbed");
  });

  test("a crash ends one channel, which joins again by itself", async () => {
    const ann = guest({ rejoinAfterMs: () => 10 });
    const name = newRoom();
    const broken = await ann.room(name, "Ann");
    const sound = await ann.room(newRoom(), "Ann");
    const bob = await guest().room(name, "Bob");

    broken.channel.push("crash");
    await broken.next("failed");
    await bob.next("user_left", ({ id }) => id === broken.reply.you);
    const { people } = await broken.answer("ok");
    assert.equal(people.length, 2);
    await bob.next("user_joined", ({ id }) => id === broken.reply.you);
    await broken.say("back");
    assert.equal((await bob.next("new_msg")).payload.body, "back");

    await sound.say("nothing happened here");
    const { rest } = sound.inbox;
    assert.deepEqual(rest.filter(({ event }) => /^(failed|closed|join )/.test(event)), []);
    assert.deepEqual(ann.happened.rest.filter(({ event }) => event === "close"), []);
  });

  const stays = polls && client.noticesLostPollSession === false;
  test("a connection that the server cuts comes back by itself", { skip: stays }, async () => {
    const name = newRoom();
    const ann = guest();
    await ann.opened();
    const seat = await ann.room(name, "Ann");
    const bob = await guest().room(name, "Bob");

    seat.channel.push("disconnect");
    const { info } = await ann.closed();
    if (!polls) assert.equal(info.code, 1001);
    await bob.next("user_left", ({ id }) => id === seat.reply.you);
    await ann.opened();
    const { you } = await seat.answer("ok");
    await bob.next("user_joined", ({ id }) => id === you);
    await bob.say("welcome back");
    assert.equal((await seat.next("new_msg")).payload.body, "welcome back");
  });

  test("heartbeats are answered", { skip: polls }, async () => {
    // A client that is not answered until the next one takes the connection for lost.
    const ann = guest({ heartbeatIntervalMs: 300 });
    const beat = ({ topic, event }) => topic === "phoenix" && event === "phx_reply";
    for (let beats = 0; beats < 2; beats += 1) await ann.message("a heartbeat's answer", beat);
  });
}

function fallsBack(client) {
  /** A network that lets no WebSocket through. */
  class Blocked {
    constructor() {
      this.readyState = 0;
      queueMicrotask(() => this.onerror?.(new Error("blocked")));
    }

    close() {
      this.readyState = 3;
      this.onclose?.({ code: 1006 });
    }
  }

  const kept = () => {
    const items = new Map();
    return {
      items,
      getItem: (key) => items.get(key) ?? null,
      setItem: (key, value) => items.set(key, value),
    };
  };

  test("polls when no WebSocket comes through", async () => {
    const sessionStorage = kept();
    const options = { transport: Blocked, longPollFallbackMs: 2000, sessionStorage };
    const ann = new Guest(client, server.ws, options);
    const seat = await ann.room(newRoom(), "Ann");
    await seat.say("by another way");
    assert.equal(sessionStorage.items.get("phx:fallback:LongPoll"), "true");
  });

  test("stays with WebSocket when that works", async () => {
    const sessionStorage = kept();
    const ann = new Guest(client, server.ws, { longPollFallbackMs: PATIENCE_MS, sessionStorage });
    const beat = ({ topic, event }) => topic === "phoenix" && event === "phx_reply";
    await ann.message("the answer to the ping", beat);
    const seat = await ann.room(newRoom(), "Ann");
    await seat.say("the short way");
    assert.equal(sessionStorage.items.size, 0);
  });
}
