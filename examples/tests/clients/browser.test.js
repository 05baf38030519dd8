// The page in a browser, with our client and with the stock one.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";

import { launch, say, visit, withPollingClient, withStockClient } from "./support/browser.js";
import { PATIENCE_MS } from "./support/guest.js";
import { startServer } from "./support/server.js";

let server;
let browser;
let rooms = 0;

before(async () => {
  [server, browser] = await Promise.all([startServer(), launch()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

describe("the page with phx.js", () => pages(async () => {}));
describe("the page with npm phoenix", () => pages(withStockClient));

test("a browser without WebSockets talks over long-polling, with npm phoenix", async (t) => {
  const context = await browser.newContext();
  t.after(() => context.close());
  context.setDefaultTimeout(PATIENCE_MS);
  await withPollingClient(context);
  const open = () => visit(context, `${server.http}/#polling`, "Ann");
  const [one, other] = [await open(), await open()];
  const reads = (page, text) => page.getByRole("log").getByText(text, { exact: true }).waitFor();
  await say(one, "hello");
  await reads(other, "hello");
  await say(other, "/crash");
  await reads(other, "You are back in the room");
  await say(other, "hello again");
  await reads(one, "hello again");
});

function pages(prepare) {
  let contexts;
  let problems;

  beforeEach(() => {
    contexts = [];
    problems = [];
  });
  afterEach(async () => {
    await Promise.all(contexts.map((context) => context.close()));
    assert.deepEqual(problems, []);
  });

  const address = (room) => `${server.http}/#${room}`;
  const newRoom = () => `room-${++rooms}`;

  /** Every visitor has a browser profile of their own. */
  async function profile(options = {}) {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(PATIENCE_MS);
    contexts.push(context);
    await prepare(context);
    context.on("weberror", (error) => problems.push(error.error().message));
    context.on("console", (entry) => {
      if (/Content Security Policy/.test(entry.text())) problems.push(entry.text());
    });
    return context;
  }

  async function visitor(name, room, options) {
    const page = await visit(await profile(options), address(room), name);
    await here(page, name);
    return page;
  }

  const shown = (locator) => locator.waitFor({ state: "visible" });
  const gone = (locator) => locator.waitFor({ state: "hidden" });
  const line = (page, text) => page.getByRole("log").getByText(text, { exact: true });
  const here = (page, name) =>
    page.locator("#people-list .person", { hasText: name }).waitFor({ state: "attached" });
  const left = (page, name) =>
    page.locator("#people-list .person", { hasText: name }).waitFor({ state: "detached" });
  const room = (page, name) => page.locator("#room-list li", { hasText: `# ${name}` });

  test("asks for a name first and remembers it", async () => {
    const context = await profile();
    const page = await context.newPage();
    await page.goto(address(newRoom()));
    await page.getByRole("textbox", { name: "Your name" }).fill("  Ann  ");
    await page.getByRole("button", { name: "Start chatting" }).click();
    await here(page, "Ann");
    await page.reload();
    await here(page, "Ann");
    assert.equal(await page.getByRole("dialog").isVisible(), false);
  });

  test("two people talk, and see each other come and go", async () => {
    const name = newRoom();
    const ann = await visitor("Ann", name);
    const bob = await visitor("Bob", name);
    await shown(line(ann, "Bob joined"));
    await here(bob, "Ann");

    await say(ann, "Hello Bob");
    await shown(line(bob, "Hello Bob"));
    await shown(line(ann, "Hello Bob"));
    await gone(ann.locator(".draft"));
    await say(bob, "<img src=x onerror=alert(1)>");
    await shown(line(ann, "<img src=x onerror=alert(1)>"));
    assert.equal(await ann.locator(".message.mine").count(), 1);
    assert.equal(await ann.locator(".message").count(), 2);

    await bob.close();
    await shown(line(ann, "Bob left"));
    await left(ann, "Bob");
  });

  test("a newcomer reads what was said before", async () => {
    const name = newRoom();
    const ann = await visitor("Ann", name);
    await say(ann, "for the record");
    await gone(ann.locator(".draft"));
    const bob = await visitor("Bob", name);
    await shown(line(bob, "for the record"));
  });

  test("shows who is typing, until the message is there", async () => {
    const name = newRoom();
    const ann = await visitor("Ann", name);
    const bob = await visitor("Bob", name);
    // It is not shown for long.
    const typing = shown(bob.getByText("Ann is typing"));
    await ann.getByRole("textbox", { name: "Message", exact: true }).pressSequentially("He");
    await typing;
    await ann.keyboard.press("Enter");
    await shown(line(bob, "He"));
    await gone(bob.getByText("Ann is typing"));
  });

  test("counts what is new in other rooms", async () => {
    const [first, second] = [newRoom(), newRoom()];
    const ann = await visitor("Ann", first);
    const bob = await visitor("Bob", first);
    await ann.getByRole("textbox", { name: "Open or create a room" }).fill(second.toUpperCase());
    await ann.keyboard.press("Enter");
    await shown(ann.getByRole("heading", { name: `# ${second}` }));
    assert.equal(new URL(ann.url()).hash, `#${second}`);

    await say(bob, "one");
    await say(bob, "two");
    await shown(room(ann, first).getByLabel("2 unread"));
    assert.match(await ann.title(), /^\(2\) /);
    await room(ann, first).getByRole("link").click();
    await shown(line(ann, "two"));
    await gone(room(ann, first).getByLabel("2 unread"));
    await shown(room(bob, second).getByLabel("1 here"));
  });

  test("a new name is known to the others", async () => {
    const name = newRoom();
    const ann = await visitor("Ann", name);
    const bob = await visitor("Bob", name);
    await say(ann, "/name Anna");
    await ann.getByRole("button", { name: "Use this name" }).click();
    await here(bob, "Anna");
    await say(ann, "still me");
    await shown(line(bob, "still me"));
  });

  test("a room that crashed on the server heals, with what was said meanwhile", async () => {
    const name = newRoom();
    const ann = await visitor("Ann", name);
    const bob = await visitor("Bob", name);
    const joining = shown(ann.getByText("Joining it again"));
    await say(ann, "/crash");
    await joining;
    await say(ann, "written in between");
    await say(bob, "said in between");
    await shown(line(ann, "You are back in the room"));
    await shown(line(ann, "said in between"));
    await shown(line(bob, "written in between"));
    await gone(ann.getByText("Joining it again"));
    await gone(ann.locator(".draft"));
  });

  test("a connection that the server cuts comes back, and the page says so", async () => {
    const name = newRoom();
    const ann = await visitor("Ann", name);
    const bob = await visitor("Bob", name);
    await say(ann, "before");
    await shown(line(bob, "before"));
    const back = shown(ann.getByText("Back online"));
    await say(ann, "/disconnect");
    await back;
    await shown(line(ann, "You are back in the room"));
    await shown(ann.locator(".message.mine", { hasText: "before" }));
    await say(ann, "after");
    await shown(line(bob, "after"));
    await gone(ann.getByRole("status"));
  });

  test("without a server the page counts down, and keeps what is written and was read", async (t) => {
    const mine = await startServer();
    t.after(() => mine.stop("SIGKILL"));
    const port = new URL(mine.http).port;
    const page = await visit(await profile(), `${mine.http}/#general`, "Ann");
    await here(page, "Ann");
    await say(page, "before the end");
    await gone(page.locator(".draft"));
    await mine.stop("SIGKILL");
    await shown(page.getByText(/Trying again in \d s|Connecting/));
    await shown(page.getByRole("button", { name: "Try now" }));
    await say(page, "patience");
    await shown(page.getByText("Sending"));
    const back = shown(page.getByText("Back online"));
    const again = await startServer({ PORT: port });
    t.after(() => again.stop("SIGKILL"));
    // It may come back by itself before the button is found.
    await page.getByRole("button", { name: "Try now" }).click({ timeout: 500 }).catch(() => {});
    await back;
    await gone(page.getByText("Sending"));
    await shown(line(page, "patience"));
    // The new server knows nothing of it, but who read it does.
    await shown(line(page, "before the end"));
  });

  test("fits a phone: nothing is wider than the screen, rooms and people slide in", async () => {
    const name = newRoom();
    const phone = { viewport: { width: 375, height: 667 }, hasTouch: true, isMobile: true };
    const ann = await visitor("Ann", name, phone);
    await say(ann, "a".repeat(300));
    await shown(line(ann, "a".repeat(300)));
    const log = ann.getByRole("log");
    for (let number = 0; number < 10; number += 1) await say(ann, `line ${number}`);
    await shown(line(ann, "line 9"));
    await ann.waitForFunction(() => document.querySelector(".draft") === null);
    // What is written takes room from what was said, whose end stays in sight.
    await ann.getByRole("textbox", { name: "Message", exact: true }).fill("1\n2\n3\n4\n5\n6");
    const isAtEnd = (log) => log.scrollHeight - log.scrollTop - log.clientHeight < 2;
    await ann.waitForFunction(isAtEnd, await log.elementHandle());
    await ann.getByRole("textbox", { name: "Message", exact: true }).fill("");
    const width = await ann.evaluate(() => document.documentElement.scrollWidth);
    assert.equal(width, 375);

    const rooms = ann.getByRole("navigation", { name: "Rooms" });
    assert.equal(await rooms.isVisible(), false);
    await ann.getByRole("button", { name: "Rooms" }).click();
    await shown(rooms);
    await ann.keyboard.press("Escape");
    await gone(rooms);

    const people = ann.getByRole("complementary", { name: "People here" });
    await ann.getByRole("button", { name: /people here/ }).click();
    await shown(people.getByText("Ann"));
    await ann.touchscreen.tap(20, 300);
    await gone(people);
  });
}
