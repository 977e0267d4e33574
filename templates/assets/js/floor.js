// The supervisor's page: who does what now, and supervision of calls.
import { call, fail, get, toast } from "./api.js";
import { listen } from "./live.js";
import { length, say, word } from "./texts.js";
import { chip, make } from "./ui.js";

const $ = (id) => document.getElementById(id);
/** Not every switch can mix what a supervisor hears with the call. */
const mixes = "mixes" in $("agents").dataset;
const HOWS = [...(mixes ? ["listen", "whisper", "barge"] : []), "intercept", "release"];
/** What needs no phone of the supervisor. */
const BY_WORD = ["release", "mute", "unmute", "sign_out", "leave", "resume", "finish_wrap_up", "work_mode"];
const phone = $("own-phone");
let agents = [];
let conferences = [];
/** The call that this supervisor takes part in. */
let mine = null;

phone.value = localStorage.getItem("supervisor-phone") ?? phone.value;
phone.addEventListener("change", () => localStorage.setItem("supervisor-phone", phone.value.trim()));

/** What may be forced on an agent in this state. */
function forced(agent) {
  if (agent.state === "logout") return [];
  const turn = { unready: ["resume"], acw: ["finish_wrap_up"], ready: ["leave"], preview: ["leave"] };
  return [...(turn[agent.state] ?? []), "work_mode", "sign_out"];
}

function row(agent) {
  const ringing = ["calling", "ringing"].includes(agent.sub_state);
  const text = agent.sub_state ? word("sub", agent.sub_state) : word("agent", agent.state);
  const second = agent.call?.second;
  const parties = second ? `${say(`js-second-${second.kind}`, { name: second.name })} · ${word("reach", second.state)}` : "—";
  const mute = agent.call?.muted ? "unmute" : "mute";
  const inCall = agent.call?.talking ? [...HOWS, ...(mixes ? [mute] : [])] : [];
  const buttons = [...inCall, ...forced(agent)].map((how) =>
    make("button", { type: "button", class: ["release", "sign_out"].includes(how) ? "danger" : "", "data-agent": agent.id, "data-how": how }, word("supervise", how)),
  );
  const acts = make("td", {}, make("span", { class: "row" }, ...buttons));
  return make(
    "tr", {},
    make("td", {}, `${agent.name} `, make("small", { class: "soft mono" }, agent.id)),
    make("td", { class: "mono" }, agent.extension),
    make("td", {}, chip("agent", agent.state, text, ringing ? "st-ringing" : "")),
    make("td", { class: "num mono", "data-since": (agent.state !== "logout" && agent.since) || "" }),
    make("td", { class: "mono" }, agent.call ? agent.call.number : "—"),
    make("td", {}, parties),
    acts,
  );
}

/** Who is in a conference, and who of them may only listen. */
function member({ kind, name, state, muted }) {
  const reach = kind === "supervisor" && state !== "ringing" ? word("supervise", state) : word("reach", state);
  return [say(`js-second-${kind}`, { name }), state === "up" ? "" : reach, muted ? say("js-muted") : ""].filter(Boolean).join(" · ");
}

function conference({ since, held, members }) {
  const names = members.map((one) => make("div", {}, member(one)));
  const note = held ? [make("div", { class: "soft" }, say("js-customer-held"))] : [];
  return make("tr", {}, make("td", { class: "wrap" }, ...names, ...note), make("td", { class: "num mono", "data-since": since ?? "" }));
}

function show() {
  $("conferences").hidden = conferences.length === 0;
  $("conference-rows").replaceChildren(...conferences.map(conference));
  $("agents").replaceChildren(...agents.map(row));
  $("nobody").hidden = agents.length > 0;
  $("mine").hidden = !mine;
  if (mine) {
    const name = agents.find((agent) => agent.id === mine.agent_id)?.name ?? mine.agent_id;
    $("mine-text").textContent = mine.up ? say("js-supervising", { how: word("supervise", mine.how), agent: name }) : say("js-supervise-ringing", { extension: mine.extension });
    for (const button of document.querySelectorAll("[data-mine]")) button.classList.toggle("primary", mine.up && button.dataset.mine === mine.how);
  }
  tick();
}

async function refresh() {
  const [all, own, talks] = await Promise.all([get("/api/v1/agents"), get("/api/v1/supervisions"), get("/api/v1/conferences")]);
  agents = all.data;
  conferences = talks.data;
  mine = own.data[0] ?? null;
  show();
}

let due = 0;

/** Many events come at once; one look is enough. */
function soon() {
  clearTimeout(due);
  due = setTimeout(() => refresh().catch(fail), 150);
}

async function supervise(agent, how, mode) {
  const name = agents.find((one) => one.id === agent)?.name ?? agent;
  const asked = { release: "js-release-ask", sign_out: "js-sign-out-ask" }[how];
  if (asked && !window.confirm(say(asked, { agent: name }))) return;
  const body = mode ? { how, mode } : { how };
  if (!BY_WORD.includes(how)) {
    body.extension = phone.value.trim();
    if (!body.extension) {
      toast(say("js-no-supervisor-phone"), true);
      phone.focus();
      return;
    }
  }
  try {
    await call("POST", `/api/v1/agents/${agent}/supervise`, body);
  } catch (problem) {
    if (problem.code !== "BUSY") throw problem;
    toast(say("js-supervisor-phone-busy"), true);
    phone.focus();
    return;
  }
  await refresh();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-how]");
  const asks = button?.dataset.how === "work_mode";
  if (asks) askMode(button.dataset.agent);
  if (button && !asks) supervise(button.dataset.agent, button.dataset.how).catch(fail);
  const own = event.target.closest("[data-mine]");
  if (own && mine) supervise(mine.agent_id, own.dataset.mine).catch(fail);
});

const modes = $("work-mode");

/** Lets the supervisor choose the work mode of an agent. */
function askMode(agent) {
  modes.dataset.agent = agent;
  $("work-mode-agent").textContent = agents.find((one) => one.id === agent)?.name ?? agent;
  modes.showModal();
}

modes.addEventListener("click", (event) => {
  const mode = event.target.closest("[data-mode]")?.dataset.mode;
  if (mode) supervise(modes.dataset.agent, "work_mode", mode).catch(fail);
  if (mode || event.target.closest("[data-shut]")) modes.close();
});

$("leave").addEventListener("click", () => {
  call("DELETE", "/api/v1/supervisions/mine").then(refresh).catch(fail);
});

function tick() {
  for (const cell of document.querySelectorAll("[data-since]")) {
    const since = cell.dataset.since;
    cell.textContent = since ? length(Date.now() - new Date(since).getTime()) : "—";
  }
}
setInterval(tick, 1000);

refresh().catch(fail);
listen("agent:*", soon, soon);
// Nothing tells of calls between phones that no agent has.
setInterval(() => document.hidden || refresh().catch(() => {}), 10_000);
