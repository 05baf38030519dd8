// The stock client works the same: import { Socket } from "phoenix".
import { Socket } from "/phx.js";

const value = document.querySelector("#value");
const state = document.querySelector("#state");
const show = (counter) => (value.textContent = counter.value);

const socket = new Socket("/socket");
socket.onOpen(() => (state.textContent = "shared with everybody who has this page open"));
socket.onError(() => (state.textContent = "connecting again…"));
socket.connect();

const channel = socket.channel("counter:visits", {});
channel.on("changed", show);
channel.join().receive("ok", show);

for (const button of document.querySelectorAll("button")) {
  button.addEventListener("click", () => channel.push("add", { by: Number(button.dataset.by) }));
}
