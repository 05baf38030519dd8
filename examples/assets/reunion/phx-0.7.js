// A client of the channels protocol as Phoenix 0.5 to 0.7 spoke it, written from its format, over
// WebSocket or long-polling. Messages are {channel, topic, event, message}; nothing is answered.

const HEARTBEAT_MS = 30_000;
const AGAIN_MS = 5_000;

const after = (milliseconds, work) => {
  const timer = setTimeout(work, milliseconds);
  timer.unref?.(); // Node may end meanwhile.
  return timer;
};

/** Frames over a WebSocket. */
class Wire {
  constructor(url, { WebSocket = globalThis.WebSocket }, { open, message, close }) {
    this.socket = new WebSocket(url);
    this.socket.onopen = open;
    this.socket.onmessage = ({ data }) => message(JSON.parse(data));
    this.socket.onclose = ({ code }) => close(code);
  }

  send(message) {
    this.socket.send(JSON.stringify(message));
  }

  close() {
    this.socket.close();
  }
}

/** Messages over HTTP: POST opens a session, GET fetches an array of messages, PUT sends one. The
 *  session is in a cookie. */
class Poll {
  cookie;
  ended = false;
  /** Messages leave one after the other. */
  sent = Promise.resolve();

  constructor(url, { fetch = globalThis.fetch }, handlers) {
    this.url = `${url.replace(/^ws/, "http")}/poll`;
    this.fetch = fetch;
    this.handlers = handlers;
    this.run();
  }

  async request(method, body) {
    // A browser keeps the cookie by itself.
    const headers = this.cookie ? { cookie: this.cookie } : {};
    const answer = await this.fetch(this.url, { method, body, headers, credentials: "include" });
    const set = answer.headers.get("set-cookie");
    if (set) this.cookie = set.split(";")[0];
    return answer;
  }

  async run() {
    const opened = await this.request("POST");
    if (!opened.ok) return this.end(opened.status);
    this.handlers.open();
    while (!this.ended) {
      const answer = await this.request("GET");
      if (answer.status === 410) return this.end(410);
      if (answer.status === 200) (await answer.json()).forEach(this.handlers.message);
    }
  }

  /** The status of HTTP tells whether the server took a message: 401 is what nobody may do. */
  send(message) {
    this.sent = this.sent.then(async () => {
      const { status } = await this.request("PUT", JSON.stringify(message));
      this.handlers.taken?.(message, status);
    });
  }

  end(code) {
    if (this.ended) return;
    this.ended = true;
    this.handlers.close(code);
  }

  close() {
    this.ended = true;
  }
}

export class Socket {
  channels = [];
  /** What waits for the connection. */
  buffer = [];

  /** `transport` is "websocket" or "longpoll"; `onTaken(message, status)` hears how a poll's went. */
  constructor(url, options = {}) {
    this.url = url;
    this.options = options;
    this.connect();
  }

  connect() {
    this.isOpen = false;
    const Transport = this.options.transport === "longpoll" ? Poll : Wire;
    this.wire = new Transport(this.url, this.options, {
      open: () => this.opened(),
      message: (message) => this.heard(message),
      close: (code) => this.closed(code),
      taken: this.options.onTaken,
    });
  }

  opened() {
    this.isOpen = true;
    this.channels.forEach((channel) => channel.rejoin());
    this.buffer.splice(0).forEach((message) => this.wire.send(message));
    this.beat();
  }

  beat() {
    clearTimeout(this.heart);
    this.heart = after(HEARTBEAT_MS, () => {
      this.heartbeat();
      this.beat();
    });
  }

  heartbeat() {
    this.send({ channel: "phoenix", topic: "conn", event: "heartbeat", message: {} });
  }

  heard(message) {
    this.options.onMessage?.(message);
    for (const channel of this.channels) channel.heard(message);
  }

  closed(code) {
    this.options.onClose?.(code);
    clearTimeout(this.heart);
    if (!this.isLeft) this.again = after(AGAIN_MS, () => this.connect());
  }

  send(message) {
    if (this.isOpen) this.wire.send(message);
    else this.buffer.push(message);
  }

  /** `callback` gets the channel, as soon as it has asked to join: whether it may, nobody says. */
  join(name, topic, message, callback) {
    const channel = new Channel(this, name, topic, message, callback);
    this.channels.push(channel);
    if (this.isOpen) channel.rejoin();
    return channel;
  }

  leave(name, topic, message = {}) {
    this.send({ channel: name, topic, event: "leave", message });
    this.channels = this.channels.filter((it) => it.name !== name || it.topic !== topic);
  }

  close() {
    this.isLeft = true;
    clearTimeout(this.heart);
    clearTimeout(this.again);
    this.wire.close();
  }
}

class Channel {
  handlers = [];

  constructor(socket, name, topic, message, callback) {
    Object.assign(this, { socket, name, topic, message, callback });
  }

  rejoin() {
    this.handlers = [];
    this.socket.send({ channel: this.name, topic: this.topic, event: "join", message: this.message });
    this.callback?.(this);
  }

  on(event, handler) {
    this.handlers.push({ event, handler });
  }

  send(event, message) {
    this.socket.send({ channel: this.name, topic: this.topic, event, message });
  }

  heard({ channel, topic, event, message }) {
    if (channel !== this.name || topic !== this.topic) return;
    for (const it of this.handlers) if (it.event === event) it.handler(message);
  }
}
