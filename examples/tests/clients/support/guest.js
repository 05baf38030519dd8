import { WebSocket } from "./clients.js";

/** Longer than anything takes: a test that waits for so long has failed. */
export const PATIENCE_MS = 60_000;

/** Resolves with the first value that `subscribe` passes on; fails when nothing comes. */
export function within(what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), PATIENCE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Keeps what arrived until somebody asks for it, so that nothing is missed between two waits. */
class Inbox {
  #kept = [];
  #asked = [];

  put(item) {
    const index = this.#asked.findIndex(({ wants }) => wants(item));
    if (index < 0) this.#kept.push(item);
    else this.#asked.splice(index, 1)[0].resolve(item);
  }

  take(what, wants = () => true) {
    const index = this.#kept.findIndex(wants);
    if (index >= 0) return Promise.resolve(this.#kept.splice(index, 1)[0]);
    const taken = new Promise((resolve) => this.#asked.push({ wants, resolve }));
    return within(what, taken);
  }

  /** What arrived and nobody took. */
  get rest() {
    return [...this.#kept];
  }
}

/** Somebody at a keyboard: one socket of one client library. */
export class Guest {
  static all = new Set();

  constructor(client, url, options = {}) {
    this.socket = new client.Socket(`${url}/socket`, {
      transport: WebSocket,
      params: { name: "guest" },
      timeout: PATIENCE_MS,
      ...options,
    });
    this.happened = new Inbox();
    this.socket.onOpen(() => this.happened.put({ event: "open" }));
    this.socket.onClose((info) => this.happened.put({ event: "close", info }));
    this.socket.onMessage((message) => this.happened.put({ event: "message", message }));
    this.socket.connect();
    Guest.all.add(this);
  }

  opened() {
    return this.happened.take("the connection", ({ event }) => event === "open");
  }

  closed() {
    return this.happened.take("the end of the connection", ({ event }) => event === "close");
  }

  message(what, wants) {
    return this.happened.take(what, ({ event, message }) => event === "message" && wants(message));
  }

  /** Starts to join; `answer("ok")` and `answer("error")` tell how that went, every time. */
  enter(topic, params = {}) {
    return new Seat(this.socket.channel(topic, params));
  }

  async room(name, who) {
    const seat = this.enter(`room:${name}`, { name: who });
    seat.reply = await seat.answer("ok");
    return seat;
  }

  /** Older clients leave timers behind, which would keep the process alive. */
  go() {
    const { channels, conn } = this.socket;
    this.socket.disconnect();
    if (conn) conn.onopen = conn.onerror = () => {}; // of a poll that is still under way
    this.socket.channels = [];
    for (const channel of channels) channel.rejoinTimer.reset();
    clearInterval(this.socket.heartbeatTimer);
    this.socket.reconnectTimer.reset();
    Guest.all.delete(this);
  }
}

const EVENTS = ["new_msg", "said", "typing", "user_joined", "user_left", "rooms"];

/** One joined topic, with all that came in. */
class Seat {
  constructor(channel) {
    this.channel = channel;
    this.inbox = new Inbox();
    for (const event of EVENTS) {
      channel.on(event, (payload) => this.inbox.put({ event, payload }));
    }
    channel.onError(() => this.inbox.put({ event: "failed" }));
    channel.onClose(() => this.inbox.put({ event: "closed" }));
    const join = channel.join();
    for (const status of ["ok", "error", "timeout"]) {
      join.receive(status, (payload) => this.inbox.put({ event: `join ${status}`, payload }));
    }
  }

  async answer(status) {
    return (await this.next(`join ${status}`)).payload;
  }

  next(event, wants = () => true) {
    return this.inbox.take(event, (item) => item.event === event && wants(item.payload));
  }

  /** Resolves to `{status, response}`. */
  ask(event, payload = {}) {
    const answered = new Promise((resolve) => {
      const push = this.channel.push(event, payload);
      for (const status of ["ok", "error", "timeout"]) {
        push.receive(status, (response) => resolve({ status, response }));
      }
    });
    return within(`an answer to ${event}`, answered);
  }

  async say(body) {
    const { status, response } = await this.ask("new_msg", { body });
    if (status !== "ok") throw new Error(`${status}: ${JSON.stringify(response)}`);
    return response.id;
  }

  leave() {
    const left = new Promise((resolve) => this.channel.leave().receive("ok", resolve));
    return within("leaving", left);
  }
}
