import { readFileSync } from "node:fs";

import { chromium } from "playwright-core";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** `CHROMIUM` is the program; Debian's package installs it where it is looked for otherwise. */
export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: FLAGS,
  });

const stockModule = readFileSync(
  new URL("../node_modules/phoenix-1.8/priv/static/phoenix.mjs", import.meta.url),
  "utf8",
);

/** Puts the stock client in the place of ours. */
export const withStockClient = (context) =>
  context.route("**/phx.js", (route) =>
    route.fulfill({ contentType: "text/javascript", body: stockModule }),
  );

/** The same, where there are no WebSockets. */
export async function withPollingClient(context) {
  await withStockClient(context);
  await context.addInitScript(() => delete window.WebSocket);
}

/** The page of somebody who gave their name before. */
export async function visit(context, address, name) {
  const page = await context.newPage();
  await page.addInitScript((given) => {
    if (!localStorage.getItem("phx-chat:name")) localStorage.setItem("phx-chat:name", given);
  }, name);
  await page.goto(address);
  return page;
}

export async function say(page, text) {
  await page.getByRole("textbox", { name: "Message", exact: true }).fill(text);
  await page.keyboard.press("Enter");
}
