// The three transports that are no part of the library, each with what talks to it: lines with a client
// over a bare socket, server-sent events in a browser, WebSocket under axum with the stock clients.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";

import { Lines } from "../../transports/assets/lines.mjs";
import { launch } from "./support/browser.js";
import { clients } from "./support/clients.js";
import { Guest, PATIENCE_MS, within } from "./support/guest.js";
import { startServer } from "./support/server.js";

/** The server of one transport, for the tests of a group. */
function serves(program) {
  const it = {};
  before(async () => {
    it.server = await startServer({}, program);
  });
  after(() => it.server?.stop());
  return it;
}

/** Tells a server to end while a client is there, which `connect` gives a function to wait for the end of. */
async function endsInOrder(program, connect) {
  const server = await startServer({}, program);
  const goes = await connect(server);
  const gone = goes();
  const ended = server.stop();
  await within("the end of the connection", gone);
  assert.equal(await ended, 0);
}

describe("lines", () => {
  const it = serves("lines");
  const open = [];
  afterEach(() => open.splice(0).forEach((client) => client.close()));

  const connect = (port = it.server.port) => {
    const client = new Lines("room:1", port);
    client.heard = new Promise((resolve) => {
      client.on = (event, payload) => event === "said" && resolve(payload);
    });
    client.ended = new Promise((resolve) => (client.onEnd = resolve));
    open.push(client);
    return client;
  };

  test("two clients hear each other", async () => {
    const [ann, bob] = [connect(), connect()];
    for (const client of [ann, bob]) {
      assert.deepEqual(await within("joining", client.join()), { status: "ok", response: {} });
    }
    assert.equal((await within("an answer", ann.push("say", { text: "hi\nthere" }))).status, "ok");
    for (const client of [ann, bob]) {
      assert.deepEqual(await within("what was said", client.heard), { text: "hi\nthere" });
    }
  });

  test("garbage ends its client alone", async () => {
    const [ann, bad] = [connect(), connect()];
    await within("joining", ann.join());
    bad.stream.write("garbage\n");
    await within("the end", bad.ended);
    assert.equal((await within("an answer", ann.push("say", { text: "here" }))).status, "ok");
  });

  test("the server is told to end and sends its clients away", () =>
    endsInOrder("lines", async (server) => {
      const client = connect(server.port);
      await within("joining", client.join());
      return () => client.ended;
    }));
});

describe("pages", () => {
  let browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser?.close());

  for (const program of ["events", "axum"]) {
    describe(program, () => {
      const it = serves(program);

      test("what one says in the page, another one reads there", async () => {
        const pages = [];
        for (const _ of ["Ann", "Bob"]) {
          const context = await browser.newContext();
          context.setDefaultTimeout(PATIENCE_MS);
          const page = await context.newPage();
          await page.goto(it.server.http);
          pages.push(page);
        }
        const [ann, bob] = pages;
        // Whether both have joined yet is not to be seen: it is said until both have read it.
        const read = Promise.all(
          pages.map((page) => page.getByText("Hello <b>you</b>").first().waitFor()),
        );
        let isRead = false;
        read.then(() => (isRead = true));
        while (!isRead) {
          await ann.getByPlaceholder("Say something").fill("Hello <b>you</b>");
          await ann.keyboard.press("Enter");
          await Promise.race([read, bob.waitForTimeout(200)]);
        }
        await Promise.all(pages.map((page) => page.context().close()));
      });
    });
  }
});

describe("WebSocket under axum", () => {
  const it = serves("axum");
  let rooms = 0;
  afterEach(() => {
    for (const guest of Guest.all) guest.go();
  });

  for (const client of clients) {
    test(`${client.name}: two hear each other`, async () => {
      const topic = `room:${++rooms}`;
      const seats = [];
      for (const _ of ["Ann", "Bob"]) {
        const seat = new Guest(client, it.server.ws).enter(topic);
        await seat.answer("ok");
        seats.push(seat);
      }
      const long = "x".repeat(2000);
      assert.equal((await seats[0].ask("say", { text: long })).status, "ok");
      for (const seat of seats) assert.equal((await seat.next("said")).payload.text, long);
      await seats[1].leave();
      await seats[1].next("closed");
    });
  }

  test("the server is told to end and sends its clients away", () =>
    endsInOrder("axum", async (server) => {
      const guest = new Guest(clients[0], server.ws);
      await guest.enter("room:1").answer("ok");
      return async () => assert.equal((await guest.closed()).info.code, 1012);
    }));
});

test("server-sent events: the server is told to end and sends its clients away", () =>
  endsInOrder("events", async (server) => {
    const stream = await fetch(`${server.http}/socket/events?vsn=2.0.0`);
    const events = stream.body.getReader();
    await events.read();
    return async () => assert.ok((await events.read()).done);
  }));
