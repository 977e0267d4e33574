// What the agent does in a call: hold, mute, keys, transfer, consult, conference.
import { call, fail, get, toast } from "./api.js";
import { has, offers } from "./functions.js";
import { say, word } from "./texts.js";
import { icon, make } from "./ui.js";

const $ = (id) => document.getElementById(id);
const me = "/api/v1/agents/me";
/** How the call stands: {talking, held, muted, hears, second, consulted}. */
let stands = null;
let done = () => {};

/** `then` is called with the agent after each order. */
export function begin(then) {
  done = then;
}

/** Takes how the call stands, from an answer or an event. */
export function stand(now) {
  stands = now === null ? null : { ...stands, ...now };
  show();
}

export const isTalking = () => Boolean(stands?.talking);

function show() {
  const talks = Boolean(stands?.talking) && !stands.consulted;
  $("talk").hidden = !talks;
  if (!talks) return;
  const { held, muted, hears, second, guests = [] } = stands;
  const all = hears === "all";
  const fits = {
    hold: !second && !held,
    retrieve: !second && held,
    mute: !muted,
    unmute: muted,
    swap: second && !all,
    confer: second?.state === "up" && !all,
    complete: second && second.state !== "checking",
    cancel: Boolean(second),
  };
  for (const button of document.querySelectorAll("#talk [data-in-call]")) button.hidden = !fits[button.dataset.inCall] || !offers(button);
  // More can be called into a conference.
  for (const button of document.querySelectorAll("#talk [data-to]")) button.hidden = (second && !(all && button.dataset.to === "invite")) || !offers(button);
  $("keys").hidden = !offers($("keys"));
  const called = all ? [...guests, second] : [];
  $("parties").hidden = !all;
  $("parties").replaceChildren(...(all ? [customer()] : []), ...called.map(party));
  $("complete-text").textContent = say(all ? "js-leave-conference" : "js-complete");
  $("second").hidden = !second || all;
  if (second) {
    const state = all ? word("sub", "conference") : word("reach", second.state);
    const heard = all ? "" : say(hears === "second" ? "js-hears-second" : "js-hears-customer");
    $("second-text").textContent = [say(`js-second-${second.kind}`, { name: second.name }), state, heard].filter(Boolean).join(" · ");
  }
}

const act = (what, member, name, text) => {
  const button = make("button", { type: "button", class: "quiet", "data-member": member, "data-party": what, title: text, "aria-label": `${text} ${name}` });
  button.append(icon({ mute: "mic-off", unmute: "mic", drop: "x" }[what]));
  return button;
};

const listens = (member, name, muted) => act(muted ? "unmute" : "mute", member, name, say(muted ? "js-unmute" : "js-mute"));

/** Somebody in the conference, who can be muted and let go. */
function party({ id, kind, name, state, muted }) {
  const text = say(`js-second-${kind}`, { name });
  return make(
    "li", {}, `${text} · ${word("reach", state)} `,
    ...(state === "up" && has("mute_member") ? [listens(id, text, muted)] : []),
    ...(has("drop_member") ? [act("drop", id, text, say("js-let-go"))] : []),
  );
}

/** The customer, who stays. */
function customer() {
  const text = say("js-customer");
  return make("li", {}, `${text} `, ...(has("mute_member") ? [listens("customer", text, stands.customer_muted)] : []));
}

/** Tells of a party that is gone, or of a supervisor. */
export function hear(event, data) {
  if (event === "call.changed") stand(data);
  if (event === "call.party_left") toast(say("js-party-left", { name: data.party, why: word("left", data.why) }), true);
  if (event === "call.supervised") {
    if (["mute", "unmute", "drop", "invite"].includes(data.how)) {
      toast(say("js-supervised", { how: word("supervise", data.how) }));
      return;
    }
    const over = ["left", "intercept", "release"].includes(data.how);
    $("supervised").hidden = over;
    $("supervised-text").textContent = over ? "" : say("js-supervised", { how: word("supervise", data.how) });
    if (data.how === "intercept" || data.how === "release") toast(say("js-supervised", { how: word("supervise", data.how) }), true);
  }
  if (event === "agent.forced") {
    const mode = data.mode && (data.mode === "ready" ? word("agent", "ready") : word("sub", data.mode));
    toast(say("js-supervised", { how: [word("supervise", data.what), mode].filter(Boolean).join(" · ") }), true);
  }
  if (event === "call.ended") $("supervised").hidden = true;
}

async function order(body) {
  try {
    done(await call("POST", `${me}/call`, body));
  } catch (problem) {
    fail(problem);
  }
}

/** Something about one party; how the call stands then is told by an event. */
async function change(what, named) {
  const path = `/api/v1/calls/${stands.call_id ?? stands.id}/members`;
  const { members } = named === "customer" ? await get(path) : { members: [] };
  const member = named === "customer" ? members.find((one) => one.kind === "customer")?.id : named;
  await (what === "drop" ? call("DELETE", `${path}/${member}`) : call("POST", `${path}/${member}/${what}`));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-in-call]");
  if (button) order({ order: button.dataset.inCall });
  const member = event.target.closest("[data-party]");
  if (member) change(member.dataset.party, member.dataset.member).catch(fail);
  const to = event.target.closest("[data-to]");
  if (to) ask(to.dataset.to).catch(fail);
});

$("keys")?.addEventListener("submit", (event) => {
  event.preventDefault();
  order({ order: "press", digits: event.target.elements.digits.value });
  event.target.reset();
});

const icons = { agent: "user", queue: "headset", ivr: "list" };
const dialog = $("to");
const form = $("to-form");

/** Lets the agent choose to whom. */
async function ask(what) {
  const { agents, queues, menus } = await get(`${me}/colleagues`);
  form.reset();
  dialog.dataset.what = what;
  $("to-title").textContent = say(`js-to-${what}`);
  $("to-agents").replaceChildren(...agents.map((one) => choice("agent", one.id, one.name, word("agent", one.state), !one.free)));
  $("to-queues").replaceChildren(...queues.map((one) => choice("queue", one.id, one.name, say("js-queue-free", { ready: one.ready, waiting: one.waiting }), false)));
  const shown = what === "transfer" && has("transfer_menu") ? menus : [];
  $("to-menus").replaceChildren(...shown.map((one) => choice("ivr", one.id, one.name, "", false)));
  // Somebody may be invited from anywhere.
  const inside = has(`${what}_inside`);
  const outside = has(`${what}_outside`);
  for (const id of ["to-agents", "to-queues"]) $(id).hidden = !inside;
  $("to-outside").hidden = !inside || !outside;
  $("to-other").hidden = !inside && !outside;
  if (!inside) form.elements.outside.checked = true;
  dialog.showModal();
}

function choice(kind, id, name, note, closed) {
  const input = make("input", { type: "radio", name: "who", value: `${kind}:${id}` });
  input.disabled = closed;
  return make("label", { class: closed ? "soft" : "" }, input, icon(icons[kind]), ` ${name} `, make("small", { class: "soft" }, note));
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  const { who, other, outside } = form.elements;
  const typed = other.value.trim();
  const [kind, id] = typed ? [outside.checked ? "number" : "extension", typed] : (who?.value ?? "").split(/:(.*)/);
  if (!kind || !id) {
    toast(say("js-to-nobody"), true);
    return;
  }
  dialog.close();
  order({ order: dialog.dataset.what, to: { [kind]: id } });
});

$("to-close")?.addEventListener("click", () => dialog.close());
