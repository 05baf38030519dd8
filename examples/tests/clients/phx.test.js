// Our phx.js by itself: what it does when, on a network made of plain objects and a clock that
// the test turns.
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { Socket } from "../../assets/chat/phx.js";

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 3;

let wires;

class FakeWebSocket {
  constructor(url) {
    this.url = url;
    this.readyState = CONNECTING;
    this.sent = [];
    wires.push(this);
  }

  send(frame) {
    assert.equal(this.readyState, OPEN, "a browser would throw");
    this.sent.push(JSON.parse(frame));
  }

  close(code, reason) {
    this.readyState = CLOSED;
    this.closedWith = [code, reason];
  }

  open() {
    this.readyState = OPEN;
    this.onopen();
  }

  lose(code = 1006) {
    this.readyState = CLOSED;
    this.onclose?.({ code });
  }

  says(...message) {
    this.onmessage({ data: JSON.stringify(message) });
  }

  /** Answers the last message of that event. */
  answer(event, status = "ok", response = {}) {
    const [joinRef, ref, topic] = this.sent.findLast((message) => message[3] === event);
    this.says(joinRef, ref, topic, "phx_reply", { status, response });
  }

  events() {
    return this.sent.map((message) => message[3]);
  }
}

const wire = () => wires.at(-1);
const tick = (ms) => mock.timers.tick(ms);

beforeEach(() => {
  wires = [];
  mock.timers.enable({ apis: ["setTimeout"] });
});
afterEach(() => mock.timers.reset());

function connected(options = {}) {
  const socket = new Socket("ws://chat.example/socket", { transport: FakeWebSocket, ...options });
  socket.connect();
  wire().open();
  return socket;
}

function joined(socket, topic = "room:a", params = {}) {
  const channel = socket.channel(topic, params);
  channel.join();
  wire().answer("phx_join");
  return channel;
}

test("the URL has the parameters of this moment, nested ones included, and the version", () => {
  let name = "Ann & Bob";
  const socket = new Socket("http://chat.example/socket", {
    transport: FakeWebSocket,
    params: () => ({ name, user: { id: 7 } }),
  });
  socket.connect();
  assert.equal(
    wire().url,
    "ws://chat.example/socket/websocket?name=Ann+%26+Bob&user%5Bid%5D=7&vsn=2.0.0",
  );
  name = "Cid";
  wire().lose();
  tick(10);
  assert.match(wire().url, /name=Cid/);
});

test("the state of the connection has a name", () => {
  const socket = new Socket("ws://chat.example/socket", { transport: FakeWebSocket });
  assert.equal(socket.connectionState(), "closed");
  socket.connect();
  assert.equal(socket.connectionState(), "connecting");
  wire().open();
  assert.equal(socket.connectionState(), "open");
  assert.equal(socket.isConnected(), true);
  socket.disconnect();
  assert.equal(socket.connectionState(), "closed");
});

test("a lost connection is tried again after the delays of the stock client", () => {
  const socket = connected();
  for (const delay of [10, 50, 100, 150, 200, 250, 500, 1000, 2000, 5000, 5000]) {
    const count = wires.length;
    wire().lose();
    tick(delay - 1);
    assert.equal(wires.length, count);
    tick(1);
    assert.equal(wires.length, count + 1);
  }
  wire().open();
  wire().lose();
  tick(10);
  assert.equal(socket.connectionState(), "connecting", "success starts the delays over");
});

test("a connection that either side ended on purpose stays closed", () => {
  const socket = connected();
  wire().lose(1000);
  tick(60_000);
  assert.equal(wires.length, 1);

  socket.connect();
  wire().open();
  let done = false;
  socket.disconnect(() => (done = true), 3000, "bye");
  assert.deepEqual(wire().closedWith, [3000, "bye"]);
  assert.equal(done, true);
  tick(60_000);
  assert.equal(wires.length, 2);
});

test("callbacks hear of open, message, error and close until they are taken off", () => {
  const heard = [];
  const socket = new Socket("ws://chat.example/socket", { transport: FakeWebSocket });
  const refs = [
    socket.onOpen(() => heard.push("open")),
    socket.onMessage(({ event }) => heard.push(event)),
    socket.onError(() => heard.push("error")),
    socket.onClose(({ code }) => heard.push(code)),
  ];
  socket.connect();
  wire().open();
  wire().says(null, null, "room:a", "new_msg", {});
  wire().onerror(new Error("no network"));
  wire().lose();
  assert.deepEqual(heard, ["open", "new_msg", "error", 1006]);
  socket.off(refs);
  tick(10);
  wire().open();
  assert.equal(heard.length, 4);
});

test("a join goes out when the connection is there, with its parameters", () => {
  const socket = new Socket("ws://chat.example/socket", { transport: FakeWebSocket });
  const channel = socket.channel("room:a", () => ({ name: "Ann" }));
  socket.connect();
  let answer;
  channel.join().receive("ok", (response) => (answer = response));
  assert.equal(channel.state, "joining");
  wire().open();
  const [join] = wire().sent;
  assert.deepEqual(join, [channel.joinRef(), channel.joinRef(), "room:a", "phx_join", { name: "Ann" }]);
  wire().answer("phx_join", "ok", { you: 1 });
  assert.deepEqual(answer, { you: 1 });
  assert.equal(channel.state, "joined");
  assert.throws(() => channel.join(), /joined before/);
});

test("a refused join is tried again after the delays of the stock client", () => {
  const channel = connected().channel("room:a");
  const refusals = [];
  channel.join().receive("error", ({ reason }) => refusals.push(reason));
  for (const [index, delay] of [1000, 2000, 5000, 10_000, 10_000].entries()) {
    wire().answer("phx_join", "error", { reason: "full" });
    assert.equal(channel.state, "errored");
    assert.equal(refusals.length, index + 1);
    tick(delay - 1);
    assert.equal(wire().sent.length, index + 1);
    tick(1);
    assert.equal(wire().sent.length, index + 2);
  }
});

test("a join without an answer is taken back and tried again", () => {
  const channel = connected({ timeout: 3000 }).channel("room:a");
  let late = false;
  channel.join().receive("timeout", () => (late = true));
  tick(3000);
  assert.equal(late, true);
  assert.deepEqual(wire().events(), ["phx_join", "phx_leave"]);
  tick(1000);
  assert.deepEqual(wire().events(), ["phx_join", "phx_leave", "phx_join"]);
});

test("pushes wait for the join, and no longer than their timeout", () => {
  const socket = connected();
  const channel = socket.channel("room:a");
  assert.throws(() => channel.push("new_msg"), /before room:a was joined/);
  channel.join(60_000);
  const answers = [];
  const ask = (body, timeout) => {
    const push = channel.push("new_msg", { body }, timeout);
    push.receive("ok", () => answers.push(`${body} ok`));
    push.receive("timeout", () => answers.push(`${body} late`));
  };
  ask("short", 1000);
  ask("patient", 9000);
  tick(1000);
  assert.deepEqual(answers, ["short late"]);
  wire().answer("phx_join");
  assert.deepEqual(wire().sent.slice(1).map((message) => message[4]), [{ body: "patient" }]);
  wire().answer("new_msg");
  assert.deepEqual(answers, ["short late", "patient ok"]);
});

test("an answer reaches its own push alone, also one who asks late", () => {
  const channel = joined(connected());
  const first = channel.push("a", {});
  const second = channel.push("b", {});
  const seen = [];
  first.receive("error", ({ reason }) => seen.push(reason));
  second.receive("ok", () => seen.push("b ok"));
  wire().answer("a", "error", { reason: "no" });
  first.receive("error", () => seen.push("late"));
  assert.deepEqual(seen, ["no", "late"]);
  tick(10_000);
  assert.deepEqual(seen, ["no", "late"], "a push is settled once");
});

test("callbacks of an event come and go", () => {
  const channel = joined(connected());
  const seen = [];
  const first = channel.on("new_msg", () => seen.push("first"));
  channel.on("new_msg", () => seen.push("second"));
  wire().says(null, null, "room:a", "new_msg", {});
  channel.off("new_msg", first);
  wire().says(null, null, "room:a", "new_msg", {});
  channel.off("new_msg");
  wire().says(null, null, "room:a", "new_msg", {});
  assert.deepEqual(seen, ["first", "second", "second"]);
});

test("messages of an earlier join and of other topics are not taken for this one's", () => {
  const channel = joined(connected());
  const before = channel.joinRef();
  wire().says(before, before, "room:a", "phx_error", { reason: "channel_crash" });
  tick(1000);
  wire().answer("phx_join");
  const seen = [];
  channel.on("new_msg", ({ body }) => seen.push(body));
  channel.onClose(() => seen.push("closed"));
  wire().says(before, before, "room:a", "phx_close", {});
  wire().says(before, null, "room:a", "new_msg", { body: "stale" });
  wire().says(null, null, "room:b", "new_msg", { body: "other" });
  wire().says(channel.joinRef(), null, "room:a", "new_msg", { body: "pushed" });
  wire().says(null, null, "room:a", "new_msg", { body: "broadcast" });
  assert.deepEqual(seen, ["pushed", "broadcast"]);
  assert.equal(channel.state, "joined");
});

test("a channel that failed joins again; one that the server closed does not", () => {
  const socket = connected();
  const channel = joined(socket);
  const seen = [];
  channel.onError(({ reason }) => seen.push(reason));
  channel.onClose(() => seen.push("closed"));
  wire().says(channel.joinRef(), channel.joinRef(), "room:a", "phx_error", { reason: "crash" });
  assert.equal(channel.state, "errored");
  tick(1000);
  wire().answer("phx_join");
  assert.equal(channel.state, "joined");

  wire().says(channel.joinRef(), channel.joinRef(), "room:a", "phx_close", {});
  tick(60_000);
  assert.deepEqual(seen, ["crash", "closed"]);
  assert.equal(channel.state, "closed");
  assert.deepEqual(socket.channels, []);
});

test("a code of the range for that keeps the client away, as a normal end does", () => {
  for (const code of [1000, 4500, 4999]) {
    connected();
    const connections = wires.length;
    wire().lose(code);
    tick(60_000);
    assert.equal(wires.length, connections, `after ${code}`);
  }
});

test("who is told to come back later waits the longest step, and up to twice as long", () => {
  for (const code of [1013, 4400, 4499]) {
    connected();
    const connections = wires.length;
    wire().lose(code);
    tick(4999);
    assert.equal(wires.length, connections, `after ${code}`);
    tick(5001);
    assert.equal(wires.length, connections + 1, `after ${code}`);
  }
});

test("the limits are asked for in the heartbeat's topic, and told or not", async () => {
  const socket = new Socket("ws://chat.example/socket", { transport: FakeWebSocket });
  socket.connect();
  const early = socket.limits();
  wire().open();
  assert.deepEqual(wire().sent, [[null, "1", "phoenix", "limits", {}]]);
  const limits = { max_channels: 100, max_rate: { per_second: 50, burst: 100 } };
  wire().answer("limits", "ok", limits);
  assert.deepEqual(await early, limits);

  const phoenix = socket.limits();
  wire().answer("limits", "error", { reason: "unmatched topic" });
  await assert.rejects(phoenix, /unmatched topic/);
  const silent = socket.limits(3000);
  tick(3000);
  await assert.rejects(silent, /no answer/);
});

const early = (wait) => ["error", { reason: "rate limited", retry_after_ms: wait }];

test("a message that came too early is refused with when to send it again", () => {
  const channel = joined(connected());
  let told;
  channel.push("new_msg").receive("error", (response) => (told = response));
  wire().answer("new_msg", ...early(120));
  assert.equal(told.retry_after_ms, 120);
  tick(5000);
  assert.deepEqual(wire().events(), ["phx_join", "new_msg"]);
});

test("who keeps to the rate sends it again when that is, and the next ones after it", () => {
  const channel = joined(connected({ keepToRate: true }));
  const seen = [];
  const say = (body) => {
    const push = channel.push("new_msg", { body });
    for (const status of ["ok", "error", "timeout"]) push.receive(status, () => seen.push([body, status]));
    return push.ref;
  };
  const bodies = () => wire().sent.slice(1).map((message) => message[4].body);
  const answer = (ref, status, response = {}) =>
    wire().says(channel.joinRef(), ref, "room:a", "phx_reply", { status, response });

  const [a, b, c] = ["a", "b", "c"].map(say);
  answer(a, "ok");
  answer(b, ...early(100));
  answer(c, ...early(90));
  const d = say("d");
  assert.deepEqual(bodies(), ["a", "b", "c"]);
  tick(90);
  assert.deepEqual(bodies(), ["a", "b", "c", "b"], "one at a time");
  answer(b, ...early(10));
  tick(9);
  assert.deepEqual(bodies(), ["a", "b", "c", "b"]);
  tick(1);
  assert.deepEqual(bodies(), ["a", "b", "c", "b", "b"], "it stays the first");
  answer(b, "ok");
  tick(10);
  answer(c, "error", { reason: "too long" });
  tick(10);
  answer(d, "ok");
  assert.deepEqual(bodies().slice(5), ["c", "d"]);
  assert.deepEqual(seen, [["a", "ok"], ["b", "ok"], ["c", "error"], ["d", "ok"]]);
  say("e");
  assert.equal(bodies().at(-1), "e", "nothing waits any more");
  tick(9000);
  assert.deepEqual(bodies().slice(7), ["e"]);
});

test("a message waits for the rate no longer than its timeout", () => {
  const channel = joined(connected({ keepToRate: true }));
  const seen = [];
  channel.push("new_msg", {}, 3000).receive("timeout", () => seen.push("late"));
  wire().answer("new_msg", ...early(4000));
  tick(3000);
  assert.deepEqual(seen, ["late"]);
  tick(10_000);
  assert.deepEqual(wire().events(), ["phx_join", "new_msg"]);
});

test("what waits for the rate when the connection is lost goes out after the next join", () => {
  const channel = joined(connected({ keepToRate: true }));
  channel.push("new_msg", { body: "too early" });
  wire().answer("new_msg", ...early(100));
  wire().lose();
  channel.push("new_msg", { body: "while away" });
  tick(10);
  wire().open();
  tick(100);
  assert.deepEqual(wire().events(), ["phx_join"]);
  wire().answer("phx_join");
  assert.deepEqual(wire().sent.slice(1).map((message) => message[4].body), ["too early", "while away"]);
  tick(5000);
  assert.equal(wire().sent.length, 3);
});

test("after a reconnect every channel joins at once, and waiting pushes go out", () => {
  const socket = connected();
  const channel = joined(socket);
  const reasons = [];
  channel.onError(({ reason }) => reasons.push(reason));
  wire().lose();
  assert.deepEqual(reasons, ["connection_closed"]);
  channel.push("new_msg", { body: "while away" });
  tick(10);
  wire().open();
  assert.deepEqual(wire().events(), ["phx_join"]);
  wire().answer("phx_join");
  assert.deepEqual(wire().events(), ["phx_join", "new_msg"]);
  tick(5000);
  assert.deepEqual(wire().events(), ["phx_join", "new_msg"], "no rejoin timer is left over");
});

test("leaving is told to the server and is for good", () => {
  const socket = connected();
  const channel = joined(socket);
  const seen = [];
  channel.onClose(() => seen.push("closed"));
  channel.leave().receive("ok", () => seen.push("left"));
  assert.equal(channel.state, "leaving");
  wire().answer("phx_leave");
  assert.deepEqual(seen.sort(), ["closed", "left"]);
  wire().lose();
  tick(10);
  wire().open();
  assert.deepEqual(wire().sent, []);
});

test("without a connection a channel is left at once", () => {
  const socket = connected();
  const channel = joined(socket);
  wire().lose();
  let left = false;
  channel.leave().receive("ok", () => (left = true));
  assert.equal(left, true);
  assert.equal(channel.state, "closed");
});

test("a second channel of a topic takes the place of the first", () => {
  const socket = connected();
  const first = joined(socket);
  const second = socket.channel("room:a");
  second.join();
  assert.deepEqual(wire().events(), ["phx_join", "phx_leave", "phx_join"]);
  wire().answer("phx_leave");
  wire().answer("phx_join");
  assert.equal(first.state, "closed");
  assert.equal(second.state, "joined");
});

test("heartbeats go on while they are answered, and their silence ends the connection", () => {
  const socket = connected();
  const channel = joined(socket);
  const reasons = [];
  channel.onError(({ reason }) => reasons.push(reason));
  for (let beats = 1; beats <= 3; beats += 1) {
    tick(30_000);
    assert.equal(wire().events().filter((event) => event === "heartbeat").length, beats);
    assert.deepEqual(wire().sent.at(-1).slice(2), ["phoenix", "heartbeat", {}]);
    wire().answer("heartbeat");
  }
  tick(30_000);
  tick(30_000);
  assert.deepEqual(wire().closedWith, [1000, "heartbeat timeout"]);
  assert.deepEqual(reasons, ["heartbeat_timeout"]);
  tick(10);
  assert.equal(wires.length, 2);
});

test("a message that no channel wants, or that is binary, does no harm", () => {
  const channel = joined(connected());
  wire().says(null, null, "elsewhere", "new_msg", {});
  wire().onmessage({ data: new ArrayBuffer(3) });
  assert.equal(channel.state, "joined");
});

test("onMessage may change what the callbacks get", () => {
  const channel = joined(connected());
  channel.onMessage = (_event, payload) => ({ ...payload, seen: true });
  let got;
  channel.on("new_msg", (payload) => (got = payload));
  wire().says(null, null, "room:a", "new_msg", { body: "x" });
  assert.deepEqual(got, { body: "x", seen: true });
});
