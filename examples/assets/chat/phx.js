/**
 * A small client for Phoenix Channels over WebSocket (protocol version 2, text frames).
 *
 * It has the names and the habits of the client that Phoenix publishes on npm, so
 *
 *     import { Socket } from "phoenix";
 *
 * may stand in its place. That one also has long-polling, binary payloads and presence.
 *
 *     const socket = new Socket("/socket", { params: { name: "Ann" } });
 *     socket.connect();
 *     const room = socket.channel("room:general", { name: "Ann" });
 *     room.on("new_msg", (msg) => console.log(msg.body));
 *     room.join().receive("ok", () => room.push("new_msg", { body: "hello" }));
 */

const VSN = "2.0.0";
const CLOSE_NORMAL = 1000;
/** What a server closes with that does not want the client back: codes of the application. */
const isFinal = (code) => code === CLOSE_NORMAL || (code >= 4500 && code <= 4999);
/** What a server closes with that wants the client back later, not at once. */
const isBusy = (code) => code === 1013 || (code >= 4400 && code <= 4499);
const OPEN = 1;
/** How long a message has to wait that came too early for the server's `max_rate`. */
const waitOf = ({ status, response }) =>
  status === "error" && response?.reason === "rate limited" ? response.retry_after_ms : undefined;

const steps = (delays, last) => (tries) => delays[tries - 1] ?? last;
const RECONNECT_AFTER_MS = steps([10, 50, 100, 150, 200, 250, 500, 1000, 2000], 5000);
const REJOIN_AFTER_MS = steps([1000, 2000, 5000], 10_000);

const toFunction = (value) => (typeof value === "function" ? value : () => value);
const page = typeof document === "undefined" ? null : document;
const hidden = () => page?.visibilityState === "hidden";

/** Calls back after a delay that grows with every try, until it is reset. */
class Backoff {
  constructor(callback, delay) {
    this.callback = callback;
    this.delay = delay;
    this.tries = 0;
  }

  /** `patient` waits as long as after many tries, and not at the same time as everybody else. */
  schedule(patient = false) {
    clearTimeout(this.timer);
    const delay = patient
      ? this.delay(Number.MAX_SAFE_INTEGER) * (1 + Math.random())
      : this.delay(this.tries + 1);
    this.timer = setTimeout(() => {
      this.tries += 1;
      this.callback();
    }, delay);
  }

  reset() {
    clearTimeout(this.timer);
    this.tries = 0;
  }
}

/** One message that waits for its answer. */
class Push {
  constructor(channel, event, payload, timeout) {
    this.channel = channel;
    this.event = event;
    this.payload = toFunction(payload);
    this.timeout = timeout;
    this.hooks = [];
    this.answer = null;
    this.ref = null;
  }

  /** `status` is "ok", "error", "timeout" or any other that the server answers with. */
  receive(status, callback) {
    if (this.answer?.status === status) callback(this.answer.response);
    this.hooks.push({ status, callback });
    return this;
  }

  /** The clock also runs for a message that cannot be sent yet: nobody waits for ever. */
  start() {
    this.cancel();
    this.answer = null;
    this.ref = this.channel.socket.makeRef();
    this.channel.waiting.set(this.ref, this);
    this.timer = setTimeout(() => this.settle("timeout", {}), this.timeout);
  }

  send() {
    this.start();
    this.transmit();
  }

  /** The same once more, with what is left of its time. */
  transmit() {
    const { topic, socket } = this.channel;
    socket.push({
      topic,
      event: this.event,
      payload: this.payload(),
      ref: this.ref,
      join_ref: this.channel.joinRef(),
    });
  }

  cancel() {
    clearTimeout(this.timer);
    this.channel.forget(this);
  }

  settle(status, response) {
    this.cancel();
    this.answer = { status, response };
    for (const hook of this.hooks) if (hook.status === status) hook.callback(response);
  }
}

/** One topic of a socket. Made by `socket.channel(topic, params)`. */
export class Channel {
  constructor(topic, params, socket) {
    this.topic = topic;
    this.params = toFunction(params);
    this.socket = socket;
    this.timeout = socket.timeout;
    this.state = "closed";
    this.bindings = [];
    this.bindingRef = 0;
    this.waiting = new Map();
    this.pushBuffer = [];
    this.pauseTimer = null;
    this.joinedOnce = false;
    this.rejoinTimer = new Backoff(
      () => this.socket.isConnected() && this.rejoin(),
      socket.rejoinAfterMs,
    );
    this.joinPush = new Push(this, "phx_join", () => this.params(), this.timeout)
      .receive("ok", () => {
        this.state = "joined";
        this.rejoinTimer.reset();
        this.endPause();
        for (const push of this.pushBuffer.splice(0)) push.send();
      })
      .receive("error", () => this.retryLater())
      .receive("timeout", () => {
        // The server may have let us in and only its answer is late.
        if (this.socket.isConnected()) new Push(this, "phx_leave", {}, this.timeout).send();
        this.retryLater();
      });
  }

  /** Joins, and joins again by itself whenever that is needed. Once for each channel object. */
  join(timeout = this.timeout) {
    if (this.joinedOnce) throw new Error(`the channel of ${this.topic} was joined before`);
    this.joinedOnce = true;
    this.joinPush.timeout = timeout;
    this.rejoin();
    return this.joinPush;
  }

  /** Tells the server something. Kept until the channel is joined, and no longer than `timeout`. */
  push(event, payload = {}, timeout = this.timeout) {
    if (!this.joinedOnce) throw new Error(`${event} was pushed before ${this.topic} was joined`);
    const push = new Push(this, event, payload, timeout);
    if (this.canPush() && this.pauseTimer === null) {
      push.send();
    } else {
      push.start();
      this.pushBuffer.push(push);
    }
    return push;
  }

  /**
   * A message came too early. It is sent again after `wait` ms, before those that came too early after
   * it, and what is pushed until then waits behind them. One goes out each time: whoever sent all would
   * be told again of all but one.
   */
  pause(wait, early = []) {
    this.endPause();
    // Refs grow.
    this.pushBuffer = [...this.pushBuffer, ...early].sort((a, b) => a.ref - b.ref);
    this.pauseTimer = setTimeout(() => {
      this.pauseTimer = null;
      if (!this.canPush()) return; // they go out after the join
      this.pushBuffer.shift()?.transmit();
      if (this.pushBuffer.length > 0) this.pause(wait);
    }, wait);
  }

  endPause() {
    clearTimeout(this.pauseTimer);
    this.pauseTimer = null;
  }

  /** Nobody waits for this one any more. */
  forget(push) {
    this.waiting.delete(push.ref);
    this.pushBuffer = this.pushBuffer.filter((other) => other !== push);
  }

  /** For good: nothing joins this channel again. */
  leave(timeout = this.timeout) {
    const connected = this.socket.isConnected() && (this.isJoined() || this.isJoining());
    this.rejoinTimer.reset();
    this.joinPush.cancel();
    this.state = "leaving";
    const leave = new Push(this, "phx_leave", {}, timeout)
      .receive("ok", () => this.trigger("phx_close", "leave"))
      .receive("timeout", () => this.trigger("phx_close", "timeout"));
    if (connected) leave.send();
    else leave.settle("ok", {});
    return leave;
  }

  /** Returns a number with which `off` removes this callback alone. */
  on(event, callback) {
    const ref = ++this.bindingRef;
    this.bindings.push({ event, ref, callback });
    return ref;
  }

  off(event, ref) {
    this.bindings = this.bindings.filter(
      (bound) => bound.event !== event || (ref !== undefined && bound.ref !== ref),
    );
  }

  onClose(callback) {
    return this.on("phx_close", callback);
  }

  onError(callback) {
    return this.on("phx_error", callback);
  }

  /** To be overridden: sees every message, and what it returns is the payload that counts. */
  onMessage(_event, payload) {
    return payload;
  }

  canPush() {
    return this.socket.isConnected() && this.isJoined();
  }

  joinRef() {
    return this.joinPush.ref;
  }

  isJoined() {
    return this.state === "joined";
  }

  isJoining() {
    return this.state === "joining";
  }

  isErrored() {
    return this.state === "errored";
  }

  isLeaving() {
    return this.state === "leaving";
  }

  isClosed() {
    return this.state === "closed";
  }

  /** Messages of an earlier join of this topic are still on their way after a rejoin. */
  isMember({ topic, join_ref }) {
    return topic === this.topic && (!join_ref || join_ref === this.joinRef());
  }

  trigger(event, received, ref = null, joinRef = this.joinRef()) {
    const payload = this.onMessage(event, received, ref, joinRef);
    if (event === "phx_reply") this.answered(this.waiting.get(ref), payload);
    if (event === "phx_error") this.retryLater();
    if (event === "phx_close") this.finish();
    for (const bound of this.bindings.filter((each) => each.event === event)) {
      bound.callback(payload, ref, joinRef);
    }
  }

  answered(push, reply) {
    if (!push) return;
    const wait = waitOf(reply);
    const mayWait = this.socket.keepToRate && push !== this.joinPush && this.canPush();
    if (mayWait && wait >= 0) this.pause(wait, [push]);
    else push.settle(reply.status, reply.response);
  }

  rejoin() {
    if (this.isLeaving()) return;
    this.socket.leaveOpenTopic(this.topic, this);
    this.state = "joining";
    if (this.socket.isConnected()) this.joinPush.send();
    else this.joinPush.start(); // sent by `socketOpened`
  }

  retryLater() {
    if (this.isLeaving() || this.isClosed()) return;
    this.joinPush.cancel();
    this.state = "errored";
    if (this.socket.isConnected()) this.rejoinTimer.schedule();
  }

  finish() {
    this.rejoinTimer.reset();
    this.endPause();
    this.joinPush.cancel();
    this.state = "closed";
    this.socket.remove(this);
  }

  socketOpened() {
    this.rejoinTimer.reset();
    if (this.isErrored() || this.isJoining()) this.rejoin();
  }

  socketLost(reason) {
    this.rejoinTimer.reset();
    if (this.isLeaving()) this.trigger("phx_close", "leave");
    else if (this.isJoined() || this.isJoining()) this.trigger("phx_error", reason);
  }
}

/** One connection with as many channels as are wanted. It comes back by itself when it is lost. */
export class Socket {
  /**
   * `endPoint` is the path or the URL that the socket is mounted at. Options:
   * `params` (object or function, asked before every connect), `timeout`, `heartbeatIntervalMs`,
   * `reconnectAfterMs(tries)`, `rejoinAfterMs(tries)`, `logger(kind, msg, data)`,
   * `transport` (a WebSocket class). Beyond the client of npm: with `keepToRate`, a message that the
   * server finds too early (`max_rate`) is no error, but sent again when the server says, within its
   * timeout; what is pushed on its channel after that was told waits behind it.
   */
  constructor(endPoint, opts = {}) {
    this.endPoint = `${endPoint}/websocket`;
    this.params = toFunction(opts.params ?? {});
    this.timeout = opts.timeout ?? 10_000;
    this.heartbeatIntervalMs = opts.heartbeatIntervalMs ?? 30_000;
    this.reconnectAfterMs = opts.reconnectAfterMs ?? RECONNECT_AFTER_MS;
    this.rejoinAfterMs = opts.rejoinAfterMs ?? REJOIN_AFTER_MS;
    this.logger = opts.logger ?? null;
    this.transport = opts.transport ?? globalThis.WebSocket;
    this.keepToRate = opts.keepToRate ?? false;
    this.channels = [];
    // For messages about the connection itself. Nobody has to join it.
    this.own = new Channel("phoenix", {}, this);
    this.sendBuffer = [];
    this.callbacks = { open: [], close: [], error: [], message: [] };
    this.ref = 0;
    this.conn = null;
    this.wanted = false;
    this.reconnectTimer = new Backoff(() => this.connectUnlessHidden(), this.reconnectAfterMs);
    if (page) this.followPage();
  }

  connect() {
    this.wanted = true;
    if (this.conn) return;
    clearTimeout(this.reconnectTimer.timer);
    const conn = new this.transport(this.endPointURL());
    conn.onopen = () => this.opened();
    conn.onerror = (error) => this.failed(error);
    conn.onmessage = (event) => this.received(event.data);
    conn.onclose = (event) => this.lost(event, "connection_closed");
    this.conn = conn;
  }

  disconnect(callback, code = CLOSE_NORMAL, reason = "") {
    this.wanted = false;
    this.reconnectTimer.reset();
    if (this.conn) this.drop(code, reason, "connection_closed");
    callback?.();
  }

  /** A channel of `topic`; `params` (object or function) go along with every join. */
  channel(topic, params = {}) {
    const channel = new Channel(topic, params, this);
    this.channels.push(channel);
    return channel;
  }

  /**
   * What a client may send here, as the server tells it: `{max_message_bytes, timeout_ms, max_channels,
   * max_rate, max_event_rates}`, without those that have no limit. Rejects where the server does not
   * tell, as Phoenix's does not. Not in the client of npm.
   */
  limits(timeout = this.timeout) {
    return new Promise((resolve, reject) => {
      const untold = (why) => reject(new Error(`the server tells no limits: ${why}`));
      new Push(this.own, "limits", {}, timeout)
        .receive("ok", resolve)
        .receive("error", ({ reason }) => untold(reason))
        .receive("timeout", () => untold("no answer"))
        .send();
    });
  }

  remove(channel) {
    this.channels = this.channels.filter((other) => other !== channel);
  }

  /** The server knows one channel of a topic on a socket; the newest wins. */
  leaveOpenTopic(topic, newest) {
    this.channels
      .filter((other) => other !== newest && other.topic === topic)
      .find((other) => other.isJoined() || other.isJoining())
      ?.leave();
  }

  onOpen(callback) {
    return this.listen("open", callback);
  }

  onClose(callback) {
    return this.listen("close", callback);
  }

  onError(callback) {
    return this.listen("error", callback);
  }

  onMessage(callback) {
    return this.listen("message", callback);
  }

  /** Removes the callbacks that these refs were returned for. */
  off(refs) {
    for (const kind of Object.keys(this.callbacks)) {
      this.callbacks[kind] = this.callbacks[kind].filter(({ ref }) => !refs.includes(ref));
    }
  }

  connectionState() {
    return ["connecting", "open", "closing", "closed"][this.conn?.readyState ?? 3];
  }

  isConnected() {
    return this.conn?.readyState === OPEN;
  }

  endPointURL() {
    const url = new URL(this.endPoint, globalThis.location?.href);
    url.protocol = url.protocol.replace("http", "ws");
    for (const [key, value] of flatten(this.params())) url.searchParams.append(key, value);
    url.searchParams.append("vsn", VSN);
    return url.href;
  }

  makeRef() {
    this.ref += 1;
    return String(this.ref);
  }

  log(kind, msg, data) {
    this.logger?.(kind, msg, data);
  }

  push(message) {
    const { join_ref = null, ref, topic, event, payload } = message;
    this.log("push", `${topic} ${event} (${join_ref}, ${ref})`, payload);
    const send = () => this.conn.send(JSON.stringify([join_ref, ref, topic, event, payload]));
    if (this.isConnected()) send();
    else this.sendBuffer.push(send);
  }

  // What happens to a connection

  opened() {
    this.log("transport", `connected to ${this.endPoint}`);
    this.reconnectTimer.reset();
    this.scheduleHeartbeat();
    for (const send of this.sendBuffer.splice(0)) send();
    for (const channel of [...this.channels]) channel.socketOpened();
    this.notify("open");
  }

  received(data) {
    if (typeof data !== "string") return this.log("receive", "a binary frame, left alone", data);
    const [join_ref, ref, topic, event, payload] = JSON.parse(data);
    const message = { join_ref, ref, topic, event, payload };
    this.log("receive", `${topic} ${event} (${join_ref}, ${ref})`, payload);
    if (ref && ref === this.heartbeatRef) this.scheduleHeartbeat();
    for (const channel of [this.own, ...this.channels].filter((each) => each.isMember(message))) {
      channel.trigger(event, payload, ref, join_ref ?? undefined);
    }
    this.notify("message", message);
  }

  failed(error) {
    this.log("transport", "error", error);
    this.notify("error", error);
  }

  lost(event, reason) {
    this.log("transport", "closed", event);
    this.conn = null;
    clearTimeout(this.heartbeatTimer);
    const over = isFinal(event.code) && reason !== "heartbeat_timeout";
    if (this.wanted && !over) this.reconnectTimer.schedule(isBusy(event.code));
    for (const channel of [...this.channels]) channel.socketLost({ source: "transport", reason });
    this.notify("close", event);
  }

  /** Forgets a connection at once: one that hangs would not tell when it is closed. */
  drop(code, text, reason) {
    const conn = this.conn;
    conn.onopen = conn.onmessage = conn.onclose = null;
    conn.onerror = () => {};
    conn.close(code, text);
    this.lost({ type: "close", code, reason: text, wasClean: true }, reason);
  }

  scheduleHeartbeat() {
    clearTimeout(this.heartbeatTimer);
    this.heartbeatRef = null;
    this.heartbeatTimer = setTimeout(() => {
      this.heartbeatRef = this.makeRef();
      this.push({ topic: "phoenix", event: "heartbeat", payload: {}, ref: this.heartbeatRef });
      this.heartbeatTimer = setTimeout(() => {
        this.drop(CLOSE_NORMAL, "heartbeat timeout", "heartbeat_timeout");
      }, this.heartbeatIntervalMs);
    }, this.heartbeatIntervalMs);
  }

  connectUnlessHidden() {
    if (!hidden()) this.connect();
  }

  /** A hidden page does not try; a page that is put aside by the browser lets its connection go. */
  followPage() {
    let asleep = false;
    page.addEventListener("visibilitychange", () => {
      if (hidden() || !this.wanted || this.conn) return;
      this.reconnectTimer.reset();
      this.connect();
    });
    globalThis.addEventListener("pagehide", () => {
      asleep = this.wanted;
      this.disconnect();
    });
    globalThis.addEventListener("pageshow", () => {
      if (asleep) this.connect();
      asleep = false;
    });
  }

  listen(kind, callback) {
    const ref = this.makeRef();
    this.callbacks[kind].push({ ref, callback });
    return ref;
  }

  notify(kind, data) {
    for (const { callback } of [...this.callbacks[kind]]) callback(data);
  }
}

/** `{user: {id: 1}}` becomes `user[id]` = `1`, which Phoenix reads back as a nested map. */
function flatten(params, parent) {
  return Object.entries(params).flatMap(([key, value]) => {
    const name = parent ? `${parent}[${key}]` : key;
    return value !== null && typeof value === "object" ? flatten(value, name) : [[name, value ?? ""]];
  });
}
