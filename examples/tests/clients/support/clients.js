import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

import WebSocket from "ws";

import * as own from "../../../assets/chat/phx.js";
import { XMLHttpRequest } from "./xhr.js";

const require = createRequire(import.meta.url);

/** Version 1.8 finds what it needs in Node; it is loaded before Node pretends to be a browser. */
const v1_8 = await import("phoenix-1.8");
globalThis.self = globalThis;
globalThis.window = globalThis;
globalThis.XMLHttpRequest = XMLHttpRequest;
const v1_6 = await import("phoenix-1.6");
const v1_3 = require("phoenix-1.3");
/** Of the age before version 2 of the protocol, which the chat does not speak to. */
const v1_2 = require("phoenix-1.2");

const stock = (name, module) => ({
  name: `phoenix ${version(name)}`,
  Socket: module.Socket,
  LongPoll: module.LongPoll,
  fallsBack: name === "phoenix-1.8",
  // Older ones send each message in a request of its own, at the same time.
  pollsInOrder: name === "phoenix-1.8",
  // Older ones go on with a new session where theirs is gone, and never join their channels again.
  noticesLostPollSession: name === "phoenix-1.8",
});

/** The clients that the chat is tried with. */
export const clients = [
  { name: "our phx.js", Socket: own.Socket },
  stock("phoenix-1.8", v1_8),
  stock("phoenix-1.6", v1_6),
  stock("phoenix-1.3", v1_3),
];

/** What Phoenix comes with today. */
export const newest = clients.find(({ name }) => name.startsWith("phoenix 1.8"));

/** Clients that only some mounts serve. */
export const olderClients = [stock("phoenix-1.2", v1_2)];

export { WebSocket };

function version(name) {
  return JSON.parse(readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url)))
    .version;
}
