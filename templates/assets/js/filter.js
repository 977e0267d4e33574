// The filter form: condition rows, saving, querying.
import { call, fail, get, toast } from "./api.js";
import { submit } from "./forms.js";
import { follow } from "./jobs.js";
import { count, say, word } from "./texts.js";
import { make } from "./ui.js";

const form = document.getElementById("filter");
const list = form.querySelector(".conditions");
const template = form.querySelector("template");
const base = `/api/v1/filters/${form.dataset.filter}`;
const result = document.getElementById("result");
const more = document.getElementById("more");
const columns = [...document.querySelectorAll("#columns option")].map((option) => ({ code: option.value, title: option.textContent }));
let next = null;

const add = () => list.append(template.content.cloneNode(true));
while (list.children.length < 3) add();

/** `in` and `between` take several values, separated by commas. */
function conditions() {
  return [...list.children].map((row) => {
    const [field, op, value, connector] = ["field", "op", "value", "connector"].map(
      (name) => row.querySelector(`[name=${name}]`).value.trim(),
    );
    return { field: field || null, op: op || null, value: value || null, connector };
  });
}

const save = () => call("PUT", `${base}/conditions`, conditions());

form.addEventListener("submit", (event) => {
  event.preventDefault();
  submit(form, async () => {
    await save();
    toast(say("js-saved"));
  });
});

form.addEventListener("click", (event) => {
  if (event.target.closest("[data-add]")) add();
  if (event.target.closest("[data-remove]")) event.target.closest("li").remove();
  if (event.target.closest("[data-query]")) submit(form, query);
});

async function query() {
  await save();
  let found = await call("POST", `${base}/query`);
  if (found.job_id) {
    const job = await follow(found.job_id);
    found = await get(`/api/v1/filter-runs/${job.subject}`);
  }
  show(found, true);
}

function show(found, fresh) {
  result.hidden = false;
  const body = result.querySelector("tbody");
  if (fresh) {
    document.getElementById("matched").textContent = `(${count(found.matched)})`;
    document.getElementById("remaining").textContent =
      found.matched > 0 ? say("js-remaining", { count: count(found.remaining) }) : say("js-no-match");
    const titles = [say("js-phone"), ...columns.map((column) => column.title), say("js-alloc"), say("js-outcome")];
    result.querySelector("thead").replaceChildren(make("tr", {}, ...titles.map((title) => make("th", {}, title))));
    body.replaceChildren();
  }
  for (const lead of found.data) {
    const outcome = lead.disposition ? word("disposition", lead.disposition) : lead.outcome ? word("outcome", lead.outcome) : "—";
    const cells = [lead.phone, ...columns.map((column) => lead.related?.[column.code] ?? lead.data[column.code] ?? ""), word("alloc", lead.alloc_status), outcome];
    body.append(make("tr", {}, ...cells.map((cell) => make("td", {}, cell))));
  }
  next = found.next_cursor ? `/api/v1/filter-runs/${found.run_id}?cursor=${found.next_cursor}` : null;
  more.hidden = !next;
}

more.addEventListener("click", () => get(next).then((found) => show(found, false), fail));
