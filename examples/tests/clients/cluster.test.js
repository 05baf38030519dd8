// Three servers that are one, as clients of Phoenix see them.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";

import { newest, WebSocket } from "./support/clients.js";
import { Cluster, Redis, SECRET } from "./support/cluster.js";
import { Member, numbers, there } from "./support/member.js";
import { startServer } from "./support/server.js";
import { until } from "./support/until.js";

const { Socket, LongPoll } = newest;

let cluster;
const sockets = [];

before(async () => {
  cluster = await Cluster.start();
});
afterEach(() => {
  Member.allGo();
  for (const socket of sockets.splice(0)) socket.disconnect();
});
after(() => cluster?.stop());

for (const transport of [WebSocket, LongPoll]) {
  test(`what one says is heard on all nodes, once and in order, over ${transport.name}`, async () => {
    const members = numbers(4).map(
      () => new Member(cluster.url, `bench:all-${transport.name}`, { transport }),
    );
    await there(members);
    for (const number of numbers(50)) {
      for (const [index, member] of members.entries()) member.say(`m${index}`, number);
    }
    const all = () => members.every((m) => numbers(4).every((i) => m.from(`m${i}`).length >= 50));
    await until(all, () => JSON.stringify(members.map((m) => [...m.heard])));
    for (const member of members) {
      for (const index of numbers(4)) assert.deepEqual(member.from(`m${index}`), numbers(50));
    }
  });
}

test("a node that is killed under load costs the others nothing, and its clients come back", async () => {
  const topic = "bench:killed";
  const [at, other, lost] = [0, 1, 2].map((index) => new Member(cluster.urlOf(index), topic));
  const behindProxy = numbers(6).map(() => new Member(cluster.url, topic));
  const present = numbers(3).map(
    (index) =>
      new Member(cluster.urlOf(index), "presence:killed", { params: { user: `user-${index}` } }),
  );
  await there([at, other, lost, ...behindProxy, ...present]);
  await until(() => present[0].presence.size === 3, () => [...present[0].presence.keys()]);
  let said = 0;
  const load = setInterval(() => at.say("at", said++), 5);
  await until(() => lost.from("at").length > 20, () => "nothing is said");
  await cluster.kill(2);
  await until(() => behindProxy.every((member) => member.isThere), () => "some stay away");
  await until(
    () => present[0].presence.size === 2,
    () => `still present: ${[...present[0].presence.keys()]}`,
  );
  clearInterval(load);
  await until(() => other.from("at").length === said, () => `${other.from("at").length} of ${said}`);
  assert.deepEqual(other.from("at"), numbers(said));
  assert.deepEqual(at.from("at"), numbers(said));
  assert.deepEqual([...present[0].presence.keys()].sort(), ["user-0", "user-1"]);
  await cluster.startAgain(2);
});

test("an engine that is frozen, and one that is killed, are survived", async () => {
  const [a, b] = [0, 1].map((index) => new Member(cluster.urlOf(index), "bench:engine"));
  await there([a, b]);
  cluster.redis.signal("SIGSTOP");
  for (const number of numbers(20)) a.say("frozen", number);
  // Those of the same node do not wait for the engine.
  await until(() => a.from("frozen").length === 20, () => "clients of one node hear each other");
  cluster.redis.signal("SIGCONT");
  await until(() => b.from("frozen").length === 20, () => `${b.from("frozen").length} arrived`);
  assert.deepEqual(b.from("frozen"), numbers(20));

  await cluster.redis.kill();
  a.say("killed", 0);
  await until(() => a.from("killed").length === 1, () => "clients of one node hear each other");
  await cluster.redis.run();
  let number = 1;
  await until(
    () => {
      a.say("killed", number++);
      return b.from("killed").length > 0;
    },
    () => "the nodes do not find each other again",
  );
  const heard = b.from("killed");
  assert.deepEqual(heard, [...new Set(heard)].sort((one, other) => one - other));
});

test("nodes reach their engine over TLS, if its certificate is good", async () => {
  const redis = await Redis.start({ tls: true });
  const env = { CLUSTER: `rediss://127.0.0.1:${redis.port}`, SECRET };
  const trusting = { ...env, SSL_CERT_FILE: redis.certificate };
  try {
    const nodes = await Promise.all([0, 1].map(() => startServer(trusting, "conformance")));
    const [a, b] = nodes.map((node) => new Member(`${node.ws}/socket`, "bench:tls"));
    await there([a, b]);
    await until(
      () => a.say("a", 0) || b.from("a").length > 0,
      () => "the nodes do not hear each other",
    );
    await Promise.all(nodes.map((node) => node.stop("SIGKILL")));
    await assert.rejects(startServer(env, "conformance"), /certificate|UnknownIssuer/i);
  } finally {
    await redis.stop();
  }
});

test("the chat is one across servers, and says which of them one is at", async () => {
  const env = { CLUSTER: `redis://127.0.0.1:${cluster.redis.port}`, SECRET: `${SECRET}, the chat's` };
  const nodes = await Promise.all(
    ["chat-a", "chat-b"].map((name) => startServer({ ...env, NODE: name })),
  );
  const joined = (index, topic, params, events = {}) => {
    const socket = new Socket(`${nodes[index].ws}/socket`, { transport: WebSocket });
    sockets.push(socket);
    socket.connect();
    const channel = socket.channel(topic, params);
    for (const [event, heard] of Object.entries(events)) channel.on(event, heard);
    return new Promise((resolve) => channel.join().receive("ok", (reply) => resolve([channel, reply])));
  };
  const seen = { names: [], said: [], left: [], people: 0 };
  const lobby = {
    node: ({ name }) => seen.names.push(name),
    rooms: ({ rooms }) => (seen.people = rooms[0]?.people ?? 0),
  };
  await joined(1, "lobby", {}, lobby);
  const [ann] = await joined(0, "room:general", { name: "Ann" });
  await until(() => seen.people === 1, () => "the lobby of the other server knows nothing");
  const heard = {
    new_msg: ({ body, from }) => seen.said.push(`${from.name}: ${body}`),
    user_left: ({ name }) => seen.left.push(name),
  };
  const [, reply] = await joined(1, "room:general", { name: "Bob" }, heard);
  assert.deepEqual(reply.people.map((person) => person.name), ["Ann", "Bob"]);
  ann.push("new_msg", { body: "hello" });
  await until(() => seen.said.length > 0, () => "nothing is heard");
  assert.deepEqual(seen.said, ["Ann: hello"]);
  assert.deepEqual(seen.names, ["chat-b"]);
  await nodes[0].stop("SIGKILL");
  await until(() => seen.left.length > 0, () => "Ann is still there");
  assert.deepEqual(seen.left, ["Ann"]);
  await nodes[1].stop("SIGKILL");
});

test("all nodes are restarted one after the other, and a thousand clients come back", async (t) => {
  const members = await Member.many(1000, cluster.url, "bench:rolling");
  for (const index of numbers(3)) {
    const taken = [...cluster.balancer.taken];
    const since = performance.now();
    await cluster.restart(index);
    await there(members);
    const back = members.map((member) => member.backAfter(since)).filter(Boolean);
    const slowest = Math.round(Math.max(0, ...back));
    const spread = cluster.balancer.taken.map((count, at) => count - taken[at]);
    t.diagnostic(`node ${index}: ${back.length} came back, the slowest after ${slowest} ms; ${spread}`);
  }
  members[0].say("last", 1);
  await until(
    () => members.every((member) => member.from("last").length > 0),
    () => `${members.filter((member) => member.from("last").length === 0).length} hear nothing`,
  );
  assert.ok(members.every((member) => member.from("last").length === 1));
});
