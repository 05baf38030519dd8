import { Presence, Socket } from "/phoenix.mjs";

const byId = (id) => document.getElementById(id);

byId("enter").addEventListener("submit", async (submit) => {
  submit.preventDefault();
  const { token } = await post("/token", { name: byId("name").value });
  const lots = await (await fetch("/lots")).json();
  const lot = Object.keys(lots).at(-1);
  const socket = new Socket("/socket", { authToken: token });
  socket.connect();
  enter(socket.channel(`auction:${lot}`));
});

function enter(auction) {
  const presence = new Presence(auction);
  presence.onSync(() => (byId("people").value = presence.list().length));
  auction.on("bid", showBest);
  auction.on("tick", ({ seconds }) => (byId("seconds").value = seconds));
  auction.on("closed", ({ sold }) => {
    byId("seconds").value = 0;
    byId("best").textContent = sold ? `Sold to ${sold.by} for ${sold.amount}` : "Not sold";
  });
  auction
    .join()
    .receive("ok", ({ title, seconds, best }) => {
      byId("enter").hidden = true;
      byId("lot").hidden = false;
      byId("title").textContent = title;
      byId("seconds").value = seconds;
      if (best) showBest(best);
    })
    .receive("error", ({ reason }) => alert(reason));
  byId("bid").addEventListener("submit", (submit) => {
    submit.preventDefault();
    byId("refusal").textContent = "";
    auction
      .push("bid", { amount: Number(byId("amount").value) })
      .receive("error", ({ reason, at_least }) => {
        byId("refusal").textContent =
          reason === "too_low" ? `Offer at least ${at_least}` : "The auction is over";
      });
  });
}

function showBest({ by, amount }) {
  byId("best").textContent = `${by} offers ${amount}`;
}

async function post(path, body) {
  const headers = { "content-type": "application/json" };
  const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  return response.json();
}
