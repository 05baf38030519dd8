// Clients of all ages and encodings in the rooms of one server.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import * as msgpack from "@msgpack/msgpack";

import { options as withMsgpack } from "../../assets/reunion/msgpack.js";
import * as v0_7 from "../../assets/reunion/phx-0.7.js";
import { WebSocket, clients, olderClients } from "./support/clients.js";
import { Guest, within } from "./support/guest.js";
import { startServer } from "./support/server.js";
import { XMLHttpRequest } from "./support/xhr.js";

let server;
let rooms = 0;
const newRoom = () => `room-${++rooms}`;
const current = clients.find(({ name }) => name.startsWith("phoenix 1.8"));
const [v1_2] = olderClients;
const veterans = new Set();

before(async () => {
  server = await startServer({}, "reunion");
});
afterEach(() => {
  for (const guest of Guest.all) guest.go();
  for (const veteran of veterans) veteran.socket.close();
  veterans.clear();
  XMLHttpRequest.abortAll();
});
after(() => server?.stop());

const today = () => new Guest(current, server.ws);
const packed = () => new Guest(current, server.ws, withMsgpack(msgpack));

/** Somebody with a client of 0.7. */
class Veteran {
  heard = [];
  taken = [];
  #waiting = [];

  constructor(transport = "websocket") {
    this.socket = new v0_7.Socket(`${server.ws}/ws`, {
      WebSocket,
      transport,
      onMessage: (message) => this.#put(this.heard, message),
      onTaken: (message, status) => this.#put(this.taken, { event: message.event, status }),
    });
    veterans.add(this);
  }

  #put(list, item) {
    list.push(item);
    this.#waiting = this.#waiting.filter((look) => !look());
  }

  enter(topic, message = { name: "veteran" }) {
    return this.socket.join("rooms", topic, message);
  }

  find(list, wants, what) {
    const found = new Promise((resolve) => {
      const look = () => {
        const item = list.find(wants);
        if (item) resolve(item);
        return item !== undefined;
      };
      if (!look()) this.#waiting.push(look);
    });
    return within(what, found);
  }

  hears(event) {
    return this.find(this.heard, (message) => message.event === event, event);
  }

  status(event) {
    return this.find(this.taken, (taken) => taken.event === event, `the status of ${event}`);
  }
}

test("a client in MessagePack and one in JSON hear each other", async () => {
  const name = newRoom();
  const json = today().enter(`room:${name}`, { name: "json" });
  await json.answer("ok");
  const pack = packed().enter(`room:${name}`, { name: "pack" });
  await pack.answer("ok");
  const said = { body: "hi", more: [1, -2, 0.5, null, "ü"] };
  assert.deepEqual(await pack.ask("new_msg", said), { status: "ok", response: { body: "hi" } });
  for (const seat of [json, pack]) {
    assert.deepEqual((await seat.next("new_msg")).payload, { from: "pack", body: "hi" });
  }
  await json.ask("new_msg", { body: "hello" });
  assert.deepEqual((await pack.next("new_msg")).payload, { from: "json", body: "hello" });
});

test("a client in MessagePack sends and gets bytes, refusals and the end of its channel", async () => {
  const guest = packed();
  const seat = guest.enter(`room:${newRoom()}`);
  await seat.answer("ok");
  const { status, response } = await seat.ask("picture", new Uint8Array([1, 2, 255]).buffer);
  assert.equal(status, "ok");
  assert.deepEqual([...response], [1, 2, 255]);
  const closed = guest.enter("room:closed");
  assert.deepEqual(await closed.answer("error"), { reason: "this room is closed" });
  seat.channel.push("crash", {});
  await seat.next("failed");
  await seat.answer("ok"); // It has joined again.
  await seat.leave();
  await seat.next("closed");
});

test("what is no MessagePack ends that connection alone", async () => {
  const others = packed().enter(`room:${newRoom()}`);
  await others.answer("ok");
  for (const nonsense of ["[]", new Uint8Array([0xdd, 255, 255, 255, 255]), new Uint8Array(70_000).fill(0x91)]) {
    const ended = new Promise((resolve) => {
      const wire = new WebSocket(`${server.ws}/socket/websocket?vsn=3.0.0`);
      wire.on("open", () => wire.send(nonsense));
      wire.on("close", resolve);
    });
    const code = await within("the end", ended);
    assert.equal(code, typeof nonsense === "string" ? 1003 : 1011);
  }
  assert.equal((await others.ask("new_msg", { body: "still here" })).status, "ok");
});

for (const transport of ["websocket", "longpoll"]) {
  test(`a client of 0.7 over ${transport} and one of today hear each other`, async () => {
    const name = newRoom();
    const ann = today().enter(`room:${name}`, { name: "ann" });
    await ann.answer("ok");
    const old = new Veteran(transport);
    const seat = old.enter(name);
    seat.send("new_msg", { body: "hi" });
    assert.deepEqual((await ann.next("new_msg")).payload, { from: "veteran", body: "hi" });
    const own = { channel: "rooms", topic: name, event: "new_msg" };
    const hi = { ...own, message: { from: "veteran", body: "hi" } };
    assert.deepEqual(await old.hears("new_msg"), hi);
    old.heard.length = 0;
    await ann.ask("new_msg", { body: "hello" });
    const hello = { ...own, message: { from: "ann", body: "hello" } };
    assert.deepEqual(await old.hears("new_msg"), hello);
    seat.send("who_am_i", {});
    assert.deepEqual((await old.hears("you_are")).message, { name: "veteran" });
    old.socket.heartbeat();
    const heartbeat = { channel: "phoenix", topic: "conn", event: "heartbeat", message: {} };
    assert.deepEqual(await old.hears("heartbeat"), heartbeat);
    old.socket.leave("rooms", name);
    const left = await ann.next("user_left");
    assert.deepEqual(left.payload, { name: "veteran" });
    assert.deepEqual(old.heard.map(({ event }) => event), ["new_msg", "you_are", "heartbeat"]);
  });
}

test("a client of 0.7 that may not is told nothing over WebSocket, and 401 over long-polling", async () => {
  const wire = new Veteran();
  wire.enter("closed");
  wire.socket.heartbeat();
  await wire.hears("heartbeat");
  assert.equal(wire.heard.length, 1);

  const poll = new Veteran("longpoll");
  const name = newRoom();
  poll.enter("closed");
  assert.equal((await poll.status("join")).status, 401);
  poll.taken.length = 0;
  const seat = poll.enter(name);
  assert.equal((await poll.status("join")).status, 200);
  seat.send("new_msg", { body: "may" });
  assert.equal((await poll.status("new_msg")).status, 200);
  poll.socket.leave("rooms", name);
  assert.equal((await poll.status("leave")).status, 200);
  poll.taken.length = 0;
  seat.send("new_msg", { body: "may not any more" });
  assert.equal((await poll.status("new_msg")).status, 401);
});

test("a client of 0.7 that goes leaves its rooms", async () => {
  const name = newRoom();
  const ann = today().enter(`room:${name}`, { name: "ann" });
  await ann.answer("ok");
  const old = new Veteran();
  old.enter(name).send("new_msg", { body: "hi" });
  await ann.next("new_msg");
  old.socket.close();
  assert.deepEqual((await ann.next("user_left")).payload, { name: "veteran" });
});

for (const over of ["WebSocket", "long-polling"]) {
  test(`the stock client of 1.2 over ${over} hears the end of its channels by the refs of their joins`, async () => {
    const name = newRoom();
    const ann = today().enter(`room:${name}`, { name: "ann" });
    await ann.answer("ok");
    const transport = over === "WebSocket" ? {} : { transport: v1_2.LongPoll };
    const old = new Guest(v1_2, `${server.ws}/1.3`, transport);
    const seat = old.enter(`room:${name}`, { name: "1.2" });
    await seat.answer("ok");
    await seat.ask("new_msg", { body: "hi" });
    assert.deepEqual((await seat.next("new_msg")).payload, { from: "1.2", body: "hi" });
    await ann.ask("new_msg", { body: "hello" });
    assert.deepEqual((await seat.next("new_msg", ({ from }) => from === "ann")).payload.body, "hello");
    seat.channel.push("crash", {});
    await seat.next("failed");
    await seat.answer("ok"); // It has joined again.
    await seat.leave();
    await seat.next("closed");
  });
}
