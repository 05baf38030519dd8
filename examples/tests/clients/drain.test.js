// A server that ends sends its clients elsewhere evenly: a thousand of them, and when they are back.
import assert from "node:assert/strict";
import { after, test } from "node:test";

import { Balancer } from "./support/balancer.js";
import { Member } from "./support/member.js";
import { startServer } from "./support/server.js";
import { until } from "./support/until.js";

const CLIENTS = 1000;
/** Of the mount: so many each second, a tenth of them at a time. */
const RATE = 90;

const servers = [];
let balancer;
after(async () => {
  Member.allGo();
  balancer?.stop();
  await Promise.all(servers.map((server) => server.stop("SIGKILL")));
});

test("a thousand clients are sent elsewhere evenly, each of them once, and all are back", async (t) => {
  const [old, next] = await Promise.all([0, 1].map(() => startServer({}, "conformance")));
  servers.push(old, next);
  balancer = await Balancer.start([old]);
  const members = await Member.many(CLIENTS, `${balancer.ws}/drain_evenly`, "echo:drain");
  balancer.servers.push(next);

  const since = performance.now();
  assert.equal(await old.stop(), 0);
  const areBack = () => members.filter(({ joins }) => joins.length > 1).length;
  await until(() => areBack() === CLIENTS, () => `${areBack()} of ${CLIENTS} are back`);

  assert.deepEqual(balancer.taken, [CLIENTS, CLIENTS]);
  for (const { joins, closes } of members) {
    assert.deepEqual(closes.map(({ code }) => code), [1012]);
    assert.equal(joins.length, 2);
  }
  // Whatever delays a client, it is never told earlier than the rate allows.
  const told = members.map(({ closes }) => closes[0].at - since).sort((a, b) => a - b);
  for (const [index, at] of told.entries()) {
    const batch = Math.floor(index / (RATE / 10));
    assert.ok(at >= 100 * (batch - 1), `number ${index} was told after ${at} ms`);
  }

  const back = members.map(({ joins }) => joins[1] - since).sort((a, b) => a - b);
  const most = Math.max(...back.map((from, at) => back.findLastIndex((to) => to < from + 1000) - at + 1));
  const slowest = Math.max(...members.map((member) => member.backAfter(since)));
  const seconds = (back.at(-1) / 1000).toFixed(1);
  t.diagnostic(`all were back within ${seconds} s, at most ${most} of ${CLIENTS} in one second`);
  t.diagnostic(`the slowest was back ${Math.round(slowest)} ms after it was told`);
});
