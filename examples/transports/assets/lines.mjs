// A client of lines over TCP. Run by itself, it says what is typed and prints what others say:
//
//   node examples/transports/assets/lines.mjs [port [host]]
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { argv, stdin } from "node:process";
import { pathToFileURL } from "node:url";

const HEARTBEAT_MS = 30_000;

/** One connection and one channel. `on` gets every event, and `onEnd` its end. */
export class Lines {
  #ref = 0;
  #answers = new Map();

  constructor(topic, port = 4000, host = "127.0.0.1") {
    this.topic = topic;
    this.stream = connect(port, host);
    createInterface({ input: this.stream }).on("line", (line) => this.#take(JSON.parse(line)));
    const beat = setInterval(() => this.#ask("phoenix", "heartbeat", {}), HEARTBEAT_MS);
    this.stream.on("error", () => {});
    this.stream.once("close", () => {
      clearInterval(beat);
      this.onEnd?.();
    });
  }

  join(params = {}) {
    return this.push("phx_join", params);
  }

  /** Resolves to `{status, response}`. */
  push(event, payload) {
    return this.#ask(this.topic, event, payload);
  }

  close() {
    this.stream.end();
  }

  #ask(topic, event, payload) {
    const ref = String(++this.#ref);
    this.stream.write(`${JSON.stringify(["1", ref, topic, event, payload])}\n`);
    return new Promise((resolve) => this.#answers.set(ref, resolve));
  }

  #take([, ref, , event, payload]) {
    if (event !== "phx_reply") return this.on?.(event, payload);
    this.#answers.get(ref)?.(payload);
    this.#answers.delete(ref);
  }
}

if (import.meta.url === pathToFileURL(argv[1]).href) {
  const room = new Lines("room:1", Number(argv[2] ?? 4000), argv[3]);
  room.on = (event, payload) => event === "said" && console.log(payload.text);
  room.onEnd = () => process.exit();
  await room.join();
  console.log("Type what you want to say.");
  createInterface({ input: stdin })
    .on("line", (text) => room.push("say", { text }))
    .on("close", () => room.close());
}
