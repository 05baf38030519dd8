// The chat over TLS, and behind proxies with the configurations that the book shows.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, afterEach, before, describe, test } from "node:test";

import { clients } from "./support/clients.js";
import { Guest } from "./support/guest.js";
import { certificate, startProxy } from "./support/proxy.js";
import { startServer } from "./support/server.js";

// Nobody signed the certificates.
process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
process.removeAllListeners("warning");

let rooms = 0;
const newRoom = () => `served-${++rooms}`;

afterEach(() => {
  for (const guest of Guest.all) guest.go();
});

describe("over TLS", () => {
  let tls, server;
  before(async () => {
    tls = certificate();
    server = await startServer(tls.env);
  });
  after(async () => {
    await server?.stop();
    tls?.remove();
  });

  chats(() => server.ws);

  test("the server is told to end and sends its clients away", async () => {
    const mine = await startServer(tls.env);
    await sendsAway(mine, mine.ws);
  });
});

for (const name of ["nginx", "haproxy", "caddy"]) {
  describe(`behind ${name}`, () => {
    let server, proxy;
    before(async () => {
      server = await startServer({ TRUST_PROXIES: "127.0.0.1" });
      proxy = await startProxy(name, server.port);
    });
    after(async () => {
      await proxy?.stop();
      await server?.stop();
    });

    chats(() => proxy.ws);

    test("a page of the proxy's address may connect, and one of another may not", async () => {
      const poll = async (origin) => {
        const url = `${proxy.https}/socket/longpoll?vsn=2.0.0`;
        return (await (await fetch(url, { headers: { origin } })).json()).status;
      };
      assert.equal(await poll(proxy.https), 410);
      assert.equal(await poll("https://evil.example"), 403);
      assert.equal(await poll(proxy.https.replace("https", "http")), 403);
    });

    test("whoever comes unencrypted is sent to where it is not", async () => {
      const answer = await fetch(`${proxy.http}/a?b=c`, { redirect: "manual" });
      assert.equal(answer.status, 301);
      assert.match(answer.headers.get("location"), /^https:\/\/.*\/a\?b=c$/);
    });

    test("a change of the proxy's configuration loses nobody", async () => {
      const ann = await new Guest(clients[0], proxy.ws).room(newRoom(), "Ann");
      await proxy.reload();
      const bob = await new Guest(clients[0], proxy.ws).room(newRoom(), "Bob");
      await bob.say("after it");
      // She kept her connection, or was back at once.
      await ann.say("still here");
    });

    test("the server is told to end and sends its clients away", async () => {
      const mine = await startServer({ TRUST_PROXIES: "127.0.0.1" });
      const before = await startProxy(name, mine.port);
      await sendsAway(mine, before.ws);
      await before.stop();
    });
  });
}

test("a second Ctrl-C ends the server without waiting for anybody", async () => {
  // One client is told to go every 300 ms, so all of them would take half a minute.
  const server = await startServer({ RUST_LOG: "warn" }, "conformance");
  const handshake =
    "GET /drain/websocket?vsn=2.0.0 HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\n" +
    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  const open = Array.from({ length: 100 }, () => connect(server.port, "127.0.0.1"));
  for (const client of open) {
    client.on("error", () => {}); // when the server ends
    client.write(handshake);
    const [answer] = await once(client, "data");
    assert.match(answer.toString(), /^HTTP\/1.1 101 /);
  }
  const isTold = Promise.race(open.map((client) => once(client, "data")));
  const ended = server.stop("SIGINT");
  await isTold;
  server.stop("SIGINT");
  assert.equal(await ended, 0);
  assert.ok(server.output.some((line) => line.includes("interrupted again")), "it waited");
  for (const client of open) client.destroy();
});

async function sendsAway(server, url) {
  const ann = new Guest(clients[0], url);
  await ann.room("general", "Ann");
  const ended = server.stop();
  assert.equal((await ann.closed()).info.code, 1012);
  ann.go();
  assert.equal(await ended, 0);
}

function chats(url) {
  for (const client of clients) {
    test(`${client.name} over WebSocket`, () => chat(client, url(), {}));
    const { LongPoll: transport } = client;
    if (transport) {
      test(`${client.name} over long-polling`, () => chat(client, url(), { transport }));
    }
  }
}

async function chat(client, url, options) {
  const name = newRoom();
  const ann = await new Guest(client, url, options).room(name, "Ann");
  const bob = await new Guest(client, url, options).room(name, "Bob");
  await ann.say("hello");
  assert.equal((await bob.next("new_msg")).payload.body, "hello");
  const long = "x".repeat(2000);
  await bob.say(long);
  assert.equal((await ann.next("new_msg", ({ body }) => body === long)).payload.body, long);
  await bob.leave();
  await ann.next("user_left", ({ id }) => id === bob.reply.you);
}
