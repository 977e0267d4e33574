// One WebSocket for everything live on the page.
import { say } from "./texts.js";

const listeners = new Map();
const chip = document.getElementById("live");
const banner = document.getElementById("offline");
let socket = null;
let seq = null;
let wait = 500;
let offlineTimer = 0;

/** Calls `hear(event, data, ts)` for every event of a topic; `again()` when events were lost. */
export function listen(topic, hear, again = () => {}) {
  const all = listeners.get(topic) ?? new Set();
  const one = { hear, again };
  all.add(one);
  listeners.set(topic, all);
  if (socket?.readyState === WebSocket.OPEN) send({ subscribe: [topic] });
  else if (!socket) connect();
  return () => {
    all.delete(one);
    if (all.size === 0) {
      listeners.delete(topic);
      if (socket?.readyState === WebSocket.OPEN) send({ unsubscribe: [topic] });
    }
  };
}

function connect() {
  show("off");
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/api/v1/events`);
  socket.addEventListener("open", () => {
    wait = 500;
    const wish = { subscribe: [...listeners.keys()] };
    if (seq !== null) wish.since_seq = seq;
    send(wish);
  });
  socket.addEventListener("message", (message) => take(JSON.parse(message.data)));
  socket.addEventListener("close", () => {
    socket = null;
    show("off");
    setTimeout(connect, wait + Math.random() * wait);
    wait = Math.min(wait * 2, 15000);
  });
}

function send(wish) {
  socket.send(JSON.stringify(wish));
}

function take(message) {
  if (message.seq !== undefined) seq = Math.max(seq ?? 0, message.seq);
  if (message.topic === undefined) {
    if (message.event === "subscribed") show("on");
    if (message.event === "resync") {
      seq = message.seq;
      each((one) => one.again());
    }
    return;
  }
  for (const [topic, all] of listeners) {
    const named = topic === message.topic || topic === "agent:me" && message.topic.startsWith("agent:");
    const star = topic.endsWith("*") && message.topic.startsWith(topic.slice(0, -1));
    if (named || star) all.forEach((one) => one.hear(message.event, message.data, message.ts, message.topic));
  }
}

function each(run) {
  listeners.forEach((all) => all.forEach(run));
}

function show(state) {
  if (!chip) return;
  chip.hidden = false;
  chip.dataset.state = state;
  chip.querySelector("span").textContent = say(state === "on" ? "js-connected" : "js-connecting");
  chip.querySelector("use").setAttribute("href", `/assets/vendor/lucide-1.62.0/icons.svg#${state === "on" ? "wifi" : "wifi-off"}`);
  clearTimeout(offlineTimer);
  if (state === "on") stale(false);
  else offlineTimer = setTimeout(() => stale(true), 5000);
}

function stale(is) {
  banner.hidden = !is;
  document.body.classList.toggle("stale", is);
}
