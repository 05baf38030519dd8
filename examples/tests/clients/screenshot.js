// Takes the picture of the chat that the README shows: `EXAMPLES=… npm run screenshot`.
// Further arguments: `OUT.png WIDTHxHEIGHT light|dark`.
import { launch, say, visit } from "./support/browser.js";
import { startServer } from "./support/server.js";

const [
  out = new URL("../../assets/chat/screenshot.png", import.meta.url).pathname,
  size = "1180x740",
  colorScheme = "light",
] = process.argv.slice(2);
const [width, height] = size.split("x").map(Number);

const [server, browser] = await Promise.all([startServer(), launch()]);
try {
  const join = async (name, room, options = {}) => {
    const context = await browser.newContext({ locale: "en-GB", ...options });
    const page = await visit(context, `${server.http}/#${room}`, name);
    await page.locator("#people-list .person", { hasText: name }).waitFor({ state: "attached" });
    return page;
  };
  const everybodyHas = (text, ...pages) =>
    Promise.all(pages.map((page) => page.locator(".message", { hasText: text }).waitFor()));

  const viewport = { width, height };
  const mia = await join("Mia", "general", { viewport, colorScheme, deviceScaleFactor: 2 });
  const noor = await join("Noor", "general");
  const tom = await join("Tom", "general");
  await join("Ada", "rust");
  await join("Kim", "off-topic");

  const talk = [
    [noor, "Morning! I have it open in two tabs and on my phone."],
    [noor, "All three agree about what was said."],
    [mia, "Nice. Did you pull the plug on one, as planned?"],
    [noor, "Yes: /disconnect, and it was back by itself."],
    [tom, "I made a handler panic on purpose. Only my room noticed."],
    [mia, "That is how it should be."],
    [mia, "It runs at http://127.0.0.1:4000, by the way. Any Phoenix client fits."],
  ];
  for (const [page, text] of talk) {
    await say(page, text);
    await everybodyHas(text, mia, noor, tom);
  }
  await mia.evaluate(() => (location.hash = "rust"));
  await mia.getByRole("heading", { name: "# rust" }).waitFor();
  await mia.evaluate(() => (location.hash = "general"));
  await everybodyHas("by the way", mia);
  const ada = browser.contexts()[3].pages()[0];
  await say(ada, "cargo run --release -p phx-examples --bin chat");
  await mia.getByLabel("1 unread").first().waitFor({ state: "attached" });
  await noor.getByRole("textbox", { name: "Message", exact: true }).pressSequentially("On my");
  await mia.getByText("Noor is typing").waitFor();
  await mia.evaluate(() => {
    document.activeElement.blur();
    document.documentElement.style.fontFamily = '"Liberation Sans", sans-serif';
  });
  await mia.screenshot({ path: out, animations: "disabled" });
} finally {
  await browser.close();
  await server.stop();
}
