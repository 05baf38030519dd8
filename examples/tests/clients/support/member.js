import { newest, WebSocket } from "./clients.js";
import { until } from "./until.js";

/** How long the client waits for the answer that a cast never gets; the process lives as long. */
const UNANSWERED_MS = 5000;

/** Somebody in a room, with the newest stock client, who counts what is heard. */
export class Member {
  static all = [];

  constructor(url, topic, { transport = WebSocket, params = {} } = {}) {
    this.heard = new Map();
    /** When it was let in, and when and how it was lost. */
    this.joins = [];
    this.closes = [];
    this.socket = new newest.Socket(url, { transport, timeout: 60_000 });
    this.socket.onClose(({ code }) => this.closes.push({ code, at: performance.now() }));
    Member.all.push(this);
    this.socket.connect();
    this.channel = this.socket.channel(topic, params);
    this.channel.on("cast", ({ from, number }) => {
      if (!this.heard.has(from)) this.heard.set(from, []);
      this.heard.get(from).push(number);
    });
    this.presence = new Map();
    this.channel.on("presence_state", (state) => (this.presence = new Map(Object.entries(state))));
    this.channel.on("presence_diff", ({ joins, leaves }) => {
      for (const key of Object.keys(leaves)) this.presence.delete(key);
      for (const [key, value] of Object.entries(joins)) this.presence.set(key, value);
    });
    this.channel.join().receive("ok", () => this.joins.push(performance.now()));
  }

  /** Fifty at a time: a thousand at once would wait for each other. */
  static async many(count, url, topic) {
    const members = [];
    while (members.length < count) {
      members.push(...numbers(Math.min(50, count - members.length)).map(() => new Member(url, topic)));
      await there(members);
    }
    return members;
  }

  static allGo() {
    for (const member of Member.all.splice(0)) member.socket.disconnect();
  }

  get isThere() {
    return this.channel.state === "joined" && this.socket.isConnected();
  }

  /** How long it took to be back after the first loss since then; nothing if there was none. */
  backAfter(since) {
    const loss = this.closes.find(({ at }) => at >= since);
    return loss && this.joins.at(-1) - loss.at;
  }

  say(from, number) {
    this.channel.push("cast", { from, number }, UNANSWERED_MS);
  }

  from(name) {
    return this.heard.get(name) ?? [];
  }
}

export const numbers = (count) => Array.from({ length: count }, (_, number) => number);

export const there = (members) =>
  until(
    () => members.every((member) => member.isThere),
    () => `${members.filter((member) => member.isThere).length} of ${members.length} are there`,
  );
