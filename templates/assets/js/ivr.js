// Voice menus: a node is added, changed or taken out by saving the menu that it belongs to. Within a menu
// its keys are what a node goes by.
import "./edit.js";
import { Problem, call, fail, get } from "./api.js";
import { clear, fit, read, submit } from "./forms.js";
import { say } from "./texts.js";

const dialog = document.getElementById("node");
const form = dialog.querySelector("form");
const path = (id) => `/api/v1/ivr-menus/${encodeURIComponent(id)}`;
let menu = null;
let keys = null;
// Nodes are asked for before they are shown: only the last one that was wanted is.
let wanted = 0;

form.addEventListener("input", () => fit(form));

/** Writes a node into the form; without one it is a new node's. */
function open(of, node) {
  menu = of;
  keys = node?.keys ?? null;
  form.reset();
  clear(form);
  if (node) {
    form.elements.keys.value = node.keys;
    form.elements.name.value = node.name;
    for (const [name, value] of Object.entries(node.action)) {
      const input = form.elements[`action.${name}`];
      if (input.tagName === "SELECT" && ![...input.options].some((option) => option.value === value)) input.add(new Option(value, value), 0);
      input.value = value;
    }
  }
  // The menu itself is no submenu of its own.
  for (const option of form.elements["action.menu"].options) option.disabled = option.value === of;
  if (node?.action.type !== "submenu") form.elements["action.menu"].value = "+";
  fit(form);
  dialog.showModal();
}

async function change(of, edit) {
  const found = await get(path(of));
  edit(found.menu.nodes);
  await call("PUT", path(of), { name: found.name, menu: found.menu });
  location.reload();
}

/** A refusal names a place in the menu: what stands in this node is shown in this form. */
function here(problem) {
  for (const error of problem.errors) error.pointer = error.pointer.replace(/^\/menu\/nodes\/\d+/, "");
  return problem;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  submit(form, async () => {
    const { body } = read(form);
    const { new: made, ...node } = body;
    try {
      if (made) {
        const known = [...form.elements["action.menu"].options].some((option) => option.value === made.id);
        if (known) throw new Problem({ code: "INVALID", errors: [{ pointer: "/new/id", message: say("js-id-taken") }] }, 422);
        await call("PUT", path(made.id), { name: node.name ?? made.id, menu: { greet_long: made.greet_long } });
        node.action.menu = made.id;
      }
      await change(menu, (nodes) => {
        const at = nodes.findIndex((one) => one.keys === keys);
        if (at < 0) nodes.push(node);
        else nodes[at] = node;
      });
    } catch (problem) {
      throw problem instanceof Problem ? here(problem) : problem;
    }
  });
});

document.addEventListener("click", async (event) => {
  if (event.target.closest("[data-cancel]")) dialog.close();
  const edit = event.target.closest("[data-node-of]");
  const drop = event.target.closest("[data-drop-of]");
  try {
    if (edit) {
      const of = edit.dataset.nodeOf;
      const turn = ++wanted;
      const found = edit.dataset.keys ? await get(path(of)) : null;
      if (turn === wanted) open(of, found?.menu.nodes.find((one) => one.keys === edit.dataset.keys));
    }
    if (drop && window.confirm(drop.dataset.ask)) {
      await change(drop.dataset.dropOf, (nodes) => {
        const at = nodes.findIndex((one) => one.keys === drop.dataset.keys);
        if (at >= 0) nodes.splice(at, 1);
      });
    }
  } catch (problem) {
    fail(problem);
  }
});
