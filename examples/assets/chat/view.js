/** What is on the page. Text of users only ever becomes text nodes. */

const $ = (id) => document.getElementById(id);
const EMPTY_ROOM = "Nobody has said anything here yet. Type / to see what else you can do.";
const GROUPED_WITHIN_MS = 5 * 60_000;
const NEAR_END_PX = 80;
const LINK = /(https?:\/\/[^\s<>"]+[^\s<>"'.,;:!?)])/;
const FEW_EMOJI = /^(\p{Extended_Pictographic}[\p{Emoji_Modifier}\u200d\ufe0f]*\s?){1,3}$/u;

const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const calendar = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (key in element) element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

function paintAvatar(element, name) {
  let hash = 0;
  for (const char of name) hash = (hash * 31 + char.codePointAt(0)) % 9973;
  element.style.setProperty("--hue", (hash * 137) % 360);
  element.textContent = [...name.trim()][0]?.toUpperCase() ?? "?";
  return element;
}

const avatar = (name) =>
  paintAvatar(el("span", { className: "avatar", "aria-hidden": "true" }), name);

// --- Rooms and people

export function showRooms(rooms) {
  $("room-list").replaceChildren(...rooms.map(roomItem));
  const unread = rooms.reduce((sum, room) => sum + room.unread, 0);
  const elsewhere = rooms.reduce((sum, room) => sum + (room.current ? 0 : room.unread), 0);
  const current = rooms.find((room) => room.current);
  document.title = `${unread ? `(${unread}) ` : ""}#${current?.name ?? ""} · phx chat`;
  $("unread-elsewhere").hidden = elsewhere === 0;
  $("unread-elsewhere").textContent = elsewhere;
}

function roomItem({ name, people, joined, current, unread }) {
  const link = el("a", { href: `#${name}` }, el("span", { className: "room-title" }, `# ${name}`));
  if (current) link.setAttribute("aria-current", "page");
  if (unread) {
    link.append(el("span", { className: "badge", "aria-label": `${unread} unread` }, `${unread}`));
  } else {
    link.append(el("span", { className: "count", "aria-label": `${people} here` }, `${people}`));
  }
  const item = el("li", { className: joined ? "joined" : "" }, link);
  if (joined) {
    const label = `Leave ${name}`;
    const leave = el("button", { className: "leave", title: label, "aria-label": label }, "×");
    leave.dataset.leave = name;
    item.append(leave);
  }
  return item;
}

export function showPeople(people, me) {
  const sorted = [...people].sort((a, b) => a.name.localeCompare(b.name));
  $("people-count").textContent = people.length;
  $("people-list").replaceChildren(
    ...sorted.map(({ id, name }) => {
      const you = me.ids.has(id) ? el("span", { className: "you" }, "you") : "";
      return el("li", {}, avatar(name), el("span", { className: "person" }, name), you);
    }),
  );
}

export function showMe({ name }) {
  $("my-name").textContent = name;
  paintAvatar($("my-avatar"), name);
}

/** Which of several servers this page is connected to. */
export function showNode(name) {
  $("node").hidden = false;
  $("node").textContent = `on ${name}`;
}

export function showTyping(names) {
  const [first, second] = names;
  let text = "";
  if (names.length === 1) text = `${first} is typing`;
  else if (names.length === 2) text = `${first} and ${second} are typing`;
  else if (names.length > 2) text = "Several people are typing";
  $("typing").textContent = text;
  $("typing").classList.toggle("active", names.length > 0);
}

// --- Messages

export function showRoom(room, me) {
  $("room-name").textContent = `# ${room.name}`;
  $("body").placeholder = `Message #${room.name}`;
  // A screen reader must not read out the whole room again.
  $("log").setAttribute("aria-live", "off");
  $("lines").replaceChildren();
  for (const [index, line] of room.lines.entries()) {
    $("lines").append(lineElement(line, room.lines[index - 1], me));
  }
  if (room.lines.length === 0) {
    $("lines").append(el("p", { className: "empty" }, EMPTY_ROOM));
  }
  showDrafts(room.drafts);
  showPeople(room.people, me);
  closePanels();
  toEnd();
  requestAnimationFrame(() => $("log").setAttribute("aria-live", "polite"));
  if (matchMedia("(hover: hover)").matches) $("body").focus();
}

export function addLine(line, room, me) {
  const follow = nearEnd() || (line.from && me.ids.has(line.from.id));
  $("lines").querySelector(".empty")?.remove();
  $("lines").append(lineElement(line, room.lines.at(-2), me));
  while ($("lines").childElementCount > room.lines.length) $("lines").firstElementChild.remove();
  if (follow) toEnd();
  else if (line.kind === "message") $("to-end").hidden = false;
}

export function showDrafts(drafts) {
  const follow = nearEnd();
  $("drafts").replaceChildren(
    ...drafts.map((draft) => {
      const state = el("p", { className: "state" }, draft.problem ?? "Sending");
      if (draft.problem) {
        state.prepend("Not sent: ");
        const again = el("button", {}, "Try again");
        again.addEventListener("click", () => handlers.repost(draft));
        state.append(" ", again);
      }
      const className = `message mine draft${draft.problem ? " failed" : ""}`;
      return el("div", { className }, bubble(draft.body), state);
    }),
  );
  if (follow) toEnd();
}

function lineElement(line, before, me) {
  if (line.kind === "notice") return el("p", { className: "notice" }, line.text);
  const { from, body, at } = line;
  const grouped = before?.from?.id === from.id && at - before.at < GROUPED_WITHIN_MS;
  const mine = me.ids.has(from.id);
  const className = ["message", mine && "mine", grouped && "grouped"].filter(Boolean).join(" ");
  const when = new Date(at);
  const time = el(
    "time",
    { dateTime: when.toISOString(), title: calendar.format(when) },
    clock.format(when),
  );
  const author = el("span", { className: "author" }, mine ? "You" : from.name);
  const meta = el("p", { className: "meta" }, author, " ", time);
  return el("article", { className }, avatar(from.name), meta, bubble(body));
}

function bubble(body) {
  const parts = body.split(LINK).map((part, index) => {
    if (index % 2 === 0) return part;
    return el("a", { href: part, target: "_blank", rel: "noopener noreferrer" }, part);
  });
  const className = FEW_EMOJI.test(body) ? "body jumbo" : "body";
  return el("p", { className, dir: "auto" }, ...parts);
}

function nearEnd() {
  const { scrollTop, scrollHeight, clientHeight } = $("log");
  return scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
}

function toEnd() {
  $("log").scrollTop = $("log").scrollHeight;
  $("to-end").hidden = true;
}

/** Whoever reads the newest does so too when a banner, a keyboard or a long text takes room from it. */
function keepAtEnd() {
  const log = $("log");
  let isAtEnd = true;
  let height;
  log.addEventListener("scroll", () => {
    // Whoever is far from the end because the height has changed is about to be brought back to it.
    if (log.clientHeight === height) isAtEnd = nearEnd();
    if (isAtEnd) $("to-end").hidden = true;
  });
  new ResizeObserver(() => {
    height = log.clientHeight;
    if (isAtEnd) toEnd();
  }).observe(log);
}

// --- Connection

let countdown;
let flashing;

/** `retryAt` is when the next attempt starts; without it nothing is going to happen by itself. */
export function showState({ online, retryAt, roomDown }) {
  clearInterval(countdown);
  $("link").classList.toggle("online", online);
  if (online && !roomDown) {
    if (!flashing) $("banner").hidden = true;
    return;
  }
  clearTimeout(flashing);
  flashing = undefined;
  if (online) return banner("This room stopped on the server. Joining it again…", "bad");
  const tick = () => {
    const seconds = Math.ceil((retryAt - Date.now()) / 1000);
    if (!retryAt) banner("Disconnected", "bad");
    else if (seconds > 0) banner(`Connection lost. Trying again in ${seconds} s`, "bad");
    else banner("Connecting…", "bad");
    $("retry").hidden = retryAt && seconds < 1;
  };
  tick();
  countdown = setInterval(tick, 250);
}

export function flash(text) {
  banner(text, "good");
  clearTimeout(flashing);
  flashing = setTimeout(() => {
    flashing = undefined;
    $("banner").hidden = true;
  }, 2500);
}

function banner(text, kind) {
  $("banner").hidden = false;
  $("banner").dataset.kind = kind;
  $("retry").hidden = true;
  if ($("banner-text").textContent !== text) $("banner-text").textContent = text;
}

// --- What the user does

let handlers = {};

export function listen(given) {
  handlers = given;
  const body = $("body");

  $("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = body.value.trim();
    body.value = "";
    fitComposer();
    if (text) handlers.send(text);
    body.focus();
  });
  body.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    $("composer").requestSubmit();
  });
  body.addEventListener("input", () => {
    fitComposer();
    if (body.value && !body.value.startsWith("/")) handlers.typing();
  });

  $("new-room").addEventListener("submit", (event) => {
    event.preventDefault();
    handlers.visit($("new-room-name").value);
    $("new-room-name").value = "";
  });
  $("room-list").addEventListener("click", (event) => {
    const name = event.target.dataset.leave;
    if (name) handlers.leave(name);
    else if (event.target.closest("a")) closePanels();
  });
  $("commands").addEventListener("click", (event) => {
    const name = event.target.closest("button")?.dataset.command;
    if (!name) return;
    body.value = `/${name} `;
    body.focus();
    fitComposer();
  });

  $("me").addEventListener("click", () => handlers.rename());
  $("retry").addEventListener("click", () => handlers.retryNow());
  $("to-end").addEventListener("click", toEnd);
  keepAtEnd();
  $("show-rooms").addEventListener("click", () => togglePanel("rooms"));
  $("show-people").addEventListener("click", () => togglePanel("people"));
  $("shade").addEventListener("click", closePanels);
  document.addEventListener("keydown", shortcuts);
  // Not every phone shrinks the page when its keyboard comes up.
  visualViewport?.addEventListener("resize", () => {
    document.documentElement.style.setProperty("--height", `${visualViewport.height}px`);
  });
}

function shortcuts(event) {
  if (event.key === "Escape") closePanels();
  if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  event.preventDefault();
  const links = [...$("room-list").querySelectorAll(".joined a")];
  const at = links.findIndex((link) => link.hasAttribute("aria-current"));
  const step = event.key === "ArrowUp" ? -1 : 1;
  links[(at + step + links.length) % links.length]?.click();
}

function fitComposer() {
  const body = $("body");
  body.style.height = "auto";
  body.style.height = `${body.scrollHeight}px`;
  const typed = body.value.match(/^\/(\w*)$/);
  const matching = typed ? handlers.commands.filter(({ name }) => name.startsWith(typed[1])) : [];
  $("commands").hidden = matching.length === 0;
  $("commands").replaceChildren(
    ...matching.map(({ name, about }) => {
      const button = el("button", { type: "button" }, el("b", {}, `/${name}`), ` ${about}`);
      button.dataset.command = name;
      return el("li", {}, button);
    }),
  );
}

/** Resolves to the name, or to an empty string when the dialog was dismissed. */
export function askName(proposal, problem) {
  const dialog = $("ask-name");
  const form = $("ask-name-form");
  $("name").value = proposal;
  $("name-problem").textContent = problem;
  $("name-done").textContent = proposal ? "Use this name" : "Start chatting";
  dialog.returnValue = "";
  if (!dialog.open) dialog.showModal();
  $("name").select();
  return new Promise((resolve) => {
    const close = () => resolve(dialog.returnValue === "named" ? $("name").value.trim() : "");
    form.onsubmit = (event) => {
      event.preventDefault();
      if ($("name").value.trim()) dialog.close("named");
    };
    dialog.onclose = close;
  });
}

// --- Panels that slide in on small screens

function togglePanel(name) {
  const open = document.body.dataset.panel === name ? "" : name;
  closePanels();
  if (!open) return;
  document.body.dataset.panel = open;
  $(`show-${open}`).setAttribute("aria-expanded", "true");
  $(`${open}-panel`).querySelector("a, button, input")?.focus();
}

function closePanels() {
  delete document.body.dataset.panel;
  for (const name of ["rooms", "people"]) $(`show-${name}`).setAttribute("aria-expanded", "false");
}
