// The agent's page. The server's word is the state; events bring it, and every gap reads it anew.
import { Problem, call, fail, get, toast } from "./api.js";
import { submit } from "./forms.js";
import { hide, offers } from "./functions.js";
import { listen } from "./live.js";
import { begin, hear as hearTalk, isTalking, stand } from "./talk.js";
import { length, meaning, say, word } from "./texts.js";
import { chip, make } from "./ui.js";

const $ = (id) => document.getElementById(id);
const me = "/api/v1/agents/me";
let agent = null;
/** What the screen shows: {call_id, lead_id, number, title, fields}. */
let shown = null;
let dialAt = null;

const moment = (value) => (value === null || value === undefined ? 0 : new Date(value).getTime());

/** Takes the state from an answer or an event: both name it alike. An answer may be a moment older
 * than the last event; then only what events do not tell is taken from it. Tells whether it was not. */
function take(now) {
  const isOld = agent && moment(now.since) < moment(agent.since);
  if (isOld) {
    const { state, sub_state, reason, since, wrap_up_until } = agent;
    now = { ...now, state, sub_state, reason, since, wrap_up_until };
  }
  agent = { ...agent, ...now };
  if (now.hidden) hide(now.hidden);
  const ringing = ["calling", "ringing"].includes(agent.sub_state);
  const text = agent.sub_state ? word("sub", agent.sub_state) : word("agent", agent.state);
  $("agent-state").replaceChildren(chip("agent", agent.state, text, ringing ? "st-ringing" : ""));
  $("agent-reason").textContent = agent.reason ?? "";
  for (const button of document.querySelectorAll("#phone [data-when]")) {
    button.hidden = !button.dataset.when.split(" ").includes(agent.state) || !offers(button);
  }
  $("off-hook").hidden = !(agent.phone_control && agent.state === "busy" && ringing) || !offers($("off-hook"));
  if (talks()) $("call-title").textContent = word("sub", agent.sub_state);
  if (agent.state === "acw") $("call-title").textContent = word("agent", "acw");
  tick();
  $("no-phone").hidden = agent.registered !== false || agent.state === "logout";
  panels();
  return !isOld;
}

const talks = () => agent.state === "busy" && ["answered", "hold", "transfer", "conference"].includes(agent.sub_state);

function panels() {
  const busy = agent.state === "busy";
  const preview = agent.state === "preview";
  const wrap = agent.state === "acw";
  $("call").hidden = !(busy || preview || wrap) || !shown;
  $("preview-acts").hidden = !preview;
  for (const button of document.querySelectorAll("#preview-acts [data-function]")) button.hidden = !offers(button);
  $("wrap").hidden = !(wrap || (talks() && !agent.call?.consulted));
  if (!busy) stand(null);
  $("idle").hidden = busy || preview || wrap;
  $("idle-text").textContent = say(agent.state === "ready" ? "js-idle-ready" : agent.state === "logout" ? "js-idle-logout" : "js-idle-unready");
  if ($("preview-form")) $("preview-form").hidden = agent.state === "logout" || !offers($("preview-form"));
}

function pop(what) {
  shown = what;
  $("call-title").textContent = what.title;
  $("call-number").textContent = what.number ?? "";
  $("call-fields").replaceChildren(
    ...(what.fields ?? []).map((field) => make("div", {}, make("dt", {}, field.title), make("dd", {}, field.shown || field.value || "—"))),
  );
  panels();
}

/** Reads the agent and what is in hand; after a reload this brings the screen back. */
async function refresh() {
  const now = await get(me);
  const inHand = now.call?.lead_id ?? now.preview;
  if (take({ ...now, call_id: now.call?.id ?? agent?.call_id })) stand(now.call);
  if (shown && shown.lead_id === inHand && (!now.call || shown.call_id === now.call.id)) return;
  if (!now.call && !now.preview) return;
  const fields = inHand ? (await get(`/api/v1/leads/${inHand}`).catch(() => ({ fields: [] }))) : { fields: [] };
  pop({
    call_id: now.call?.id,
    lead_id: inHand,
    number: now.call?.number ?? fields.phone,
    title: now.preview ? say("js-preview") : say(now.call.direction === "inbound" ? "js-call-incoming" : "js-call-outgoing"),
    fields: fields.fields.filter((field) => field.positions.some((at) => at === "edit" || at === "detail")),
  });
}

begin((now) => {
  if (take(now)) stand(now.call);
});

function hear(event, data) {
  hearTalk(event, data);
  switch (event) {
    case "agent.state_changed":
      take({ state: data.state, sub_state: data.sub_state, reason: data.reason, since: data.since, wrap_up_until: data.wrap_up_until, call_id: data.call_id ?? agent?.call_id });
      if (data.state === "ready" || data.state === "unready") dialAt = null;
      // An answer on its way may have undone what an event told before this one.
      // A phone that is new may have said only now that it can be told to take a call.
      if (data.state === "busy" && (!shown || (talks() ? !isTalking() : !agent.phone_control))) refresh().catch(fail);
      break;
    case "call.popup":
      pop({ ...data, title: say(data.direction === "inbound" ? "js-call-incoming" : "js-call-offered") });
      if (data.taken_for_machine) toast(say("js-taken-for-machine"));
      resetForm();
      break;
    case "outbound.preview":
      dialAt = data.countdown_s > 0 ? Date.now() + data.countdown_s * 1000 : null;
      pop({ ...data, number: data.phone, title: say("js-preview") });
      resetForm();
      break;
    case "outbound.preview_empty":
      toast(say("js-preview-empty"));
      break;
    case "outbound.refused":
      toast(say("js-refused", { why: word("block", data.code) === data.code ? (meaning(data.code) ?? data.code) : word("block", data.code) }), true);
      break;
    case "agent.message":
      toast(`${data.from_name}: ${data.text}`);
      break;
    case "call.changed":
      if (agent.call) agent.call = { ...agent.call, ...data };
      break;
    case "call.ended":
      if (agent) agent.call_id ??= data.call_id;
      break;
    default:
  }
}

async function order(body) {
  try {
    take(await call("POST", `${me}/state`, body));
    await refresh();
  } catch (problem) {
    fail(problem);
  }
}

// The call that has rung longest among colleagues rings here instead.
$("pick-up").addEventListener("click", async () => {
  try {
    take(await call("POST", `${me}/pick-up`, {}));
    await refresh();
  } catch (problem) {
    if (problem.code === "NO_SUCH_CALL") toast(say("js-nothing-rings"), true);
    else fail(problem);
  }
});

// The desk phone takes the call that rings there.
$("off-hook").addEventListener("click", () => {
  call("POST", `${me}/phone`, { key: "off_hook" }).catch(fail);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-order]");
  if (!button) return;
  const body = { order: button.dataset.order };
  if (button.dataset.sub) body.sub = button.dataset.sub;
  order(body);
});

$("preview-form")?.addEventListener("submit", (event) => {
  event.preventDefault();
  order({ order: "next_preview", campaign_id: event.target.elements.campaign_id.value });
});

const form = $("disposition");

function resetForm() {
  form.reset();
  $("callback").hidden = true;
}

form.addEventListener("change", () => {
  $("callback").hidden = form.elements.code.value !== "callback";
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  submit(form, async () => {
    const id = shown?.call_id ?? agent.call_id;
    if (!id) throw new Problem({ code: "NO_SUCH_CALL" }, 404);
    const body = { code: form.elements.code.value, note: form.elements.note.value };
    if (body.code === "callback" && form.elements.callback_at.value) {
      body.callback_at = new Date(form.elements.callback_at.value).toISOString();
    }
    await call("POST", `/api/v1/calls/${id}/disposition`, body);
    toast(say("js-saved"));
    await refresh();
  });
});

// F-keys and digits; never while an input method composes or a field has the focus.
document.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  const press = (selector) => {
    const button = document.querySelector(selector);
    if (button && !button.closest("[hidden]") && !button.hidden) {
      event.preventDefault();
      button.click();
    }
  };
  if (event.key === "F2") press("[data-order=dial_preview]");
  if (event.key === "F4") press("[data-order=hangup]");
  if (event.key === "F7") press("#off-hook");
  if (event.key === "F8") press("#pick-up");
  if (event.ctrlKey && event.key === "Enter" && !$("wrap").hidden) form.requestSubmit();
  const typing = event.target.closest("textarea, select, input:not([type=radio])");
  if (!typing && !event.ctrlKey && !event.altKey && /^[1-9]$/.test(event.key) && !$("wrap").hidden) {
    const radio = form.querySelectorAll("[name=code]")[Number(event.key) - 1];
    radio?.click();
  }
});

function tick() {
  if (!agent) return;
  const since = moment(agent.since);
  $("agent-timer").textContent = since && agent.state !== "logout" ? length(Date.now() - since) : "00:00";
  const until = moment(agent.wrap_up_until);
  $("wrap-left").textContent = agent.state === "acw" && until ? say("js-left", { time: length(until - Date.now()) }) : "";
  $("countdown").textContent = dialAt && agent.state === "preview" ? say("js-countdown", { seconds: Math.max(0, Math.ceil((dialAt - Date.now()) / 1000)) }) : "";
}
setInterval(tick, 500);

refresh().catch(fail);
listen("agent:me", hear, () => refresh().catch(fail));
