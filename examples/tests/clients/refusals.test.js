// What clients read of why they may not stay and of what they may send, from a server with limits.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";

import { launch } from "./support/browser.js";
import { clients, newest, WebSocket } from "./support/clients.js";
import { PATIENCE_MS, within } from "./support/guest.js";
import { startServer } from "./support/server.js";
import { until } from "./support/until.js";

/** Of the server's mount. */
const PATH = "/refusing";
const LIMITS = {
  max_message_bytes: 10_000_000,
  timeout_ms: 60_000,
  max_channels: 100,
  max_rate: { per_second: 5, burst: 1 },
};
const [own] = clients;

let server;
before(async () => {
  server = await startServer({}, "conformance");
});
after(() => server?.stop());

describe("a page in a browser", () => {
  let browser, page;
  before(async () => {
    browser = await launch();
  });
  after(() => browser?.close());

  beforeEach(async () => {
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    const phx = readFileSync(new URL("../../assets/chat/phx.js", import.meta.url), "utf8");
    await page.route("**/phx.js", (route) =>
      route.fulfill({ contentType: "text/javascript", body: phx }),
    );
    // Its clock stands still at an hour until the test turns it.
    await page.clock.install({ time: 0 });
    await page.goto(server.http);
    await page.clock.pauseAt(3_600_000);
  });
  afterEach(() => page.close());

  /** How a bare WebSocket ends. */
  const ended = (path, query) =>
    page.evaluate(
      ([path, query]) =>
        new Promise((resolve) => {
          const url = new URL(`${path}/websocket`, location.href.replace("http", "ws"));
          url.search = new URLSearchParams({ vsn: "2.0.0", ...query });
          const socket = new WebSocket(url);
          let opened = false;
          socket.onopen = () => (opened = true);
          socket.onclose = ({ code, reason }) => resolve({ opened, code, reason });
        }),
      [path, query],
    );

  test("reads code and words of a refusal, where the mount says so", async () => {
    const refused = [
      [{ status: 401, text: "log in first" }, 4501, "log in first"],
      [{ status: 403 }, 4503, "Forbidden"],
      [{ status: 429, text: "wär's später genehm?" }, 4429, "wär's später genehm?"],
      [{ status: 503 }, 1013, "Service Unavailable"],
    ];
    for (const [query, code, reason] of refused) {
      assert.deepEqual(await ended(PATH, query), { opened: true, code, reason });
    }
  });

  test("reads nothing where the mount does not", async () => {
    const refusal = await ended("/socket", { reject: true });
    assert.deepEqual(refusal, { opened: false, code: 1006, reason: "" });
  });

  /** Our client, whose parameters are the queries one after the other. */
  async function connect(...queries) {
    await page.evaluate(
      async ([path, queries]) => {
        const { Socket } = await import("/phx.js");
        const it = { asked: 0 };
        it.socket = new Socket(path, { params: () => queries[it.asked++] ?? queries.at(-1) });
        it.closed = new Promise((resolve) => {
          it.socket.onClose(({ code, reason }) => resolve({ code, reason }));
        });
        it.socket.connect();
        window.it = it;
      },
      [PATH, queries],
    );
  }

  const asked = () => page.evaluate(() => window.it.asked);
  const closed = () => within("the end", page.evaluate(() => window.it.closed));

  test("does not come back with our client where it is told so", async () => {
    await connect({ status: 401, text: "log in first" });
    assert.deepEqual(await closed(), { code: 4501, reason: "log in first" });
    await page.clock.runFor(120_000);
    assert.equal(await asked(), 1);
    assert.equal(await page.evaluate(() => window.it.socket.connectionState()), "closed");
  });

  for (const [status, code] of [[429, 4429], [503, 1013]]) {
    test(`comes back later with our client after ${code}, and is let in then`, async () => {
      await connect({ status, text: "later" }, {});
      assert.deepEqual(await closed(), { code, reason: "later" });
      await page.clock.runFor(4999);
      assert.equal(await asked(), 1);
      await page.clock.runFor(5001);
      assert.equal(await asked(), 2);
      // Only whoever was let in is answered.
      const limits = page.evaluate(() => window.it.socket.limits());
      assert.deepEqual(await within("the limits", limits), LIMITS);
    });
  }
});

describe("a client in Node", () => {
  const sockets = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.disconnect();
  });

  async function joined(client, options = {}) {
    const url = server.ws + PATH;
    const socket = new client.Socket(url, { transport: WebSocket, timeout: PATIENCE_MS, ...options });
    sockets.push(socket);
    socket.connect();
    const channel = socket.channel("echo:1");
    await within("joining", new Promise((resolve) => channel.join().receive("ok", resolve)));
    return channel;
  }

  for (const client of [own, newest]) {
    test(`is told when to send a message again: ${client.name}`, async () => {
      const channel = await joined(client);
      const told = [];
      do {
        // Two at once, unless the server takes a fifth of a second between them.
        const answers = [1, 2].map((number) => {
          const push = channel.push("echo", { number });
          return new Promise((resolve) => push.receive("ok", resolve).receive("error", resolve));
        });
        told.push(...(await within("answers", Promise.all(answers))));
      } while (told.every(({ reason }) => reason === undefined));
      const { reason, retry_after_ms } = told.find((answer) => answer.reason);
      assert.equal(reason, "rate limited");
      assert.ok(retry_after_ms > 0 && retry_after_ms <= 200, `${retry_after_ms}`);
    });
  }

  test("sends it again by itself if it keeps to the rate, and all are handled once", async () => {
    const channel = await joined(own, { keepToRate: true });
    const answers = [];
    let [sent, refused] = [0, 0];
    channel.socket.onMessage(({ payload }) => {
      if (payload?.response?.reason === "rate limited") refused += 1;
    });
    do {
      for (let count = 0; count < 4; count += 1) {
        const push = channel.push("echo", { number: sent++ });
        for (const status of ["ok", "error", "timeout"]) {
          push.receive(status, ({ number }) => answers.push([status, number]));
        }
      }
      await until(() => answers.length >= sent, () => `${answers.length} of ${sent} were answered`);
    } while (refused === 0);
    answers.sort(([, a], [, b]) => a - b);
    assert.deepEqual(answers, Array.from({ length: sent }, (_, number) => ["ok", number]));
  });
});
