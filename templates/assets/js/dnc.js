// DNC lists: what they say of a number, and entries that are added and taken off.
import { Problem, call, fail } from "./api.js";
import { submit } from "./forms.js";
import { count, fault, say } from "./texts.js";
import { make } from "./ui.js";

/** Entries that one request may add. */
const MOST = 5000;
/** Rejects that are shown one by one. */
const SHOWN = 20;

const moment = (text) => (text ? new Date(text).toLocaleString(document.documentElement.lang, { hour12: false }) : say("js-for-ever"));

const look = document.getElementById("look");
look?.addEventListener("submit", (event) => {
  event.preventDefault();
  submit(look, async () => {
    const number = look.elements.number.value.trim();
    const found = await call("GET", `/api/v1/dnc-look-up?${new URLSearchParams({ number })}`);
    const held = found.entries.filter((one) => !one.expires_at || new Date(one.expires_at) > new Date()).length;
    const answer = document.getElementById("look-answer");
    answer.hidden = false;
    answer.querySelector(".note").textContent = say(held ? "js-dnc-found" : "js-dnc-none", { number: found.number, count: count(held) });
    answer.querySelector(".scroll").hidden = found.entries.length === 0;
    answer.querySelector("tbody").replaceChildren(
      ...found.entries.map((one) => make(
        "tr", {},
        make("td", {}, make("a", { href: `/dnc/${one.list_id}` }, one.list_id)),
        make("td", { class: "mono" }, one.is_prefix ? `${one.number}…` : one.number),
        make("td", { class: "wrap" }, one.reason || "—"),
        make("td", {}, moment(one.created_at)), make("td", {}, moment(one.expires_at)),
      )),
    );
  });
});

/** A line is a number, and after a comma or a tab the reason. */
function lines(text) {
  return text.split(/\r?\n/).map((line) => line.replace(/^\ufeff/, "").trim()).filter(Boolean).map((line) => {
    const [number, ...reason] = line.split(/[,，\t;]/).map((part) => part.trim().replace(/^"(.*)"$/, "$1"));
    return { number, reason: reason.join(" ").trim() };
  });
}

/** The heading of a file is no number. */
const isHeading = ({ number }, at) => at === 0 && !/\d/.test(number);

const form = document.getElementById("entries");
form?.addEventListener("submit", (event) => {
  event.preventDefault();
  submit(form, async () => {
    const { numbers, file, reason, expires, prefix } = form.elements;
    const text = [numbers.value, file.files[0] ? await file.files[0].text() : ""];
    const all = text.flatMap((part) => lines(part).filter((line, at) => !isHeading(line, at)));
    if (!all.length) throw new Problem({ code: "INVALID", errors: [{ pointer: "/numbers", message: say("js-dnc-nothing") }] }, 422);
    // The last day still counts.
    const until = expires.value ? new Date(`${expires.value}T24:00:00`).toISOString() : undefined;
    const entries = all.map((one) => ({ number: one.number, reason: one.reason || reason.value.trim(), is_prefix: prefix.checked, expires_at: until }));
    await send(entries, form.querySelector("progress"));
  });
});

async function send(entries, bar) {
  const sum = { added: 0, known: 0, rejected: 0 };
  const rejects = [];
  bar.max = entries.length;
  bar.hidden = false;
  try {
    for (let at = 0; at < entries.length; at += MOST) {
      const some = entries.slice(at, at + MOST);
      const told = await call("POST", `/api/v1/dnc-lists/${form.dataset.list}/entries`, { entries: some });
      for (const name of Object.keys(sum)) sum[name] += told[name];
      for (const row of told.rows) if (row.status === "rejected") rejects.push([some[row.index].number, fault(row)]);
      bar.value = Math.min(at + MOST, entries.length);
    }
  } finally {
    bar.hidden = true;
    tell(sum, rejects);
  }
}

function tell(sum, rejects) {
  const told = document.getElementById("told");
  told.hidden = false;
  const note = told.querySelector(".note");
  note.replaceChildren(say("js-dnc-told", { added: count(sum.added), known: count(sum.known), rejected: count(sum.rejected) }), " ");
  if (sum.added) note.append(make("a", { href: location.pathname }, say("js-dnc-show")));
  told.querySelector(".rejects").replaceChildren(...rejects.slice(0, SHOWN).map(([number, message]) => make("li", {}, make("code", {}, number), ` ${message ?? ""}`)));
}

const dialog = document.getElementById("take-off");
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-take-off]");
  if (button) {
    dialog.dataset.number = button.dataset.takeOff;
    dialog.dataset.prefix = button.dataset.prefix;
    document.getElementById("take-off-number").textContent = button.dataset.takeOff;
    dialog.querySelector("form").reset();
    dialog.showModal();
  }
  if (event.target.closest("[data-shut]")) dialog.close();
});

dialog?.querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const body = { number: dialog.dataset.number, is_prefix: dialog.dataset.prefix === "true", reason: event.target.elements.reason.value.trim() };
  submit(event.target, async () => {
    const path = document.getElementById("entries").dataset.list;
    await call("POST", `/api/v1/dnc-lists/${path}/entries/remove`, body);
    location.reload();
  }).catch(fail);
});
