// Forms and buttons that speak to the interface.
//
//   <form data-api="POST /api/v1/batches" data-then="/batches/{id}">
//
// An input's name is its place in the body ("settings.gateway"); "@id" fills {id} of the path.
// data-kind: number, seconds (of milliseconds), bool, list, lines, spans, rules (0 = +49, a line each). Empty inputs are left out, and so
// are those whose data-when does not fit. data-then: a path, or "reload".
import { Problem, call, fail, toast } from "./api.js";
import { spans } from "./spans.js";
import { fault, meaning, say } from "./texts.js";

/** The body a form describes, and the values for its path. */
export function read(form) {
  // What was there before, where the form changes something: what it does not name stays.
  const body = structuredClone(form.kept ?? {});
  const path = {};
  for (const input of form.elements) {
    if (!input.name) continue;
    if (input.type === "radio" && !input.checked) continue;
    const isOff = input.disabled || Boolean(input.closest("[hidden]"));
    const value = isOff ? undefined : valueOf(input);
    const names = input.name.split(".");
    if (input.name.startsWith("@")) path[input.name.slice(1)] = value;
    // What was kept of one kind does not fit another.
    else if (names.length > 1 && names.at(-1) === "type" && at(body, names) !== value) put(body, names.slice(0, -1), value && { type: value });
    else put(body, names, value, isOff);
  }
  return { body: pruned(body) ?? {}, path };
}

const at = (body, names) => names.reduce((inside, name) => inside?.[name], body);

function valueOf(input) {
  if (input.multiple && input.tagName === "SELECT") {
    const chosen = [...input.selectedOptions].map((option) => option.value);
    // Nothing is a choice too in a list.
    return chosen.length || input.dataset.kind === "list" ? chosen : undefined;
  }
  const text = input.value.trim();
  switch (input.dataset.kind) {
    case "bool":
      if (input.type === "checkbox") return input.checked;
      return text === "" ? undefined : text === "true";
    case "number":
      return text === "" ? undefined : Number(text);
    case "seconds":
      return text === "" ? undefined : Math.round(Number(text) * 1000);
    case "spans":
      return spans(text, input.name);
    case "lines": {
      const lines = text.split(/[\n,，、]/).map((line) => line.trim()).filter(Boolean);
      return lines.length ? lines : undefined;
    }
    case "rules": {
      const rules = text.split("\n").filter((line) => line.trim()).map((line) => {
        const [from, ...to] = line.split("=");
        return { from: from.trim(), to: to.join("=").trim() };
      });
      return rules.length ? rules : undefined;
    }
    default:
      return text === "" ? undefined : input.type === "password" ? input.value : text;
  }
}

/** What is not shown makes no place for itself. */
function put(into, [first, ...rest], value, isOff = false) {
  if (rest.length && isOff && into[first] === undefined) return;
  if (rest.length) put((into[first] ??= /^\d+$/.test(rest[0]) ? [] : {}), rest, value, isOff);
  else if (value === undefined) delete into[first];
  else into[first] = value;
}

/** Without objects in which nothing is left. */
function pruned(value) {
  if (Array.isArray(value)) return value.map(pruned).filter((one) => one !== undefined);
  if (value === null || typeof value !== "object") return value;
  const left = Object.entries(value).map(([name, one]) => [name, pruned(one)]).filter(([, one]) => one !== undefined);
  return left.length ? Object.fromEntries(left) : undefined;
}

/** Shows what fits: data-when names a control, and after = the values of which it must have one. */
export function fit(form) {
  for (const part of form.querySelectorAll("[data-when]")) {
    const [name, values] = part.dataset.when.split("=");
    const control = form.elements[name];
    const value = !control || control.disabled ? "" : control.value;
    part.hidden = values === undefined ? value === "" : !values.split(" ").includes(value);
    for (const input of part.querySelectorAll("input, select, textarea")) input.disabled = part.hidden || Boolean(input.closest("[hidden]"));
  }
}

for (const form of document.querySelectorAll("form[data-api]")) {
  if (!form.querySelector("[data-when]")) continue;
  fit(form);
  form.addEventListener("input", () => fit(form));
}

// A new thing does not take the place of one that is there: data-taken has the ids.
document.addEventListener("input", (event) => {
  const { target } = event;
  const taken = target.form?.dataset.taken;
  if (target.name !== "@id" || taken === undefined) return;
  target.setCustomValidity(!target.readOnly && taken.split(" ").includes(target.value.trim()) ? say("js-id-taken") : "");
});

// An input that is not well shows itself.
document.addEventListener("invalid", (event) => {
  for (let place = event.target.closest("details"); place; place = place.parentElement.closest("details")) place.open = true;
}, true);

export function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(values?.[name] ?? ""));
}

/** The input that stands at the place of a refusal: it, the first within that place, or the one around it. */
function inputAt(form, pointer) {
  const names = pointer.slice(1).split("/");
  const name = CSS.escape(names.join("."));
  const places = [`[name="${name}"], [name="@${name}"], #${name}`, `[name^="${name}."]`];
  for (let length = names.length - 1; length > 0; length -= 1) places.push(`[name="${CSS.escape(names.slice(0, length).join("."))}"]`);
  const found = names[0] === "" ? [] : places.map((place) => form.querySelector(place));
  return found.find((input) => input && !input.closest("[hidden]"));
}

/** Marks the inputs that a refusal names; what it does not name is said above the button. */
export function mark(form, problem) {
  clear(form);
  const left = [];
  for (const error of problem.errors) {
    const input = inputAt(form, error.pointer);
    if (!input) {
      left.push([error.pointer.slice(1), fault(error)].filter(Boolean).join(" "));
      continue;
    }
    input.classList.add("fault");
    input.setAttribute("aria-invalid", "true");
    const text = document.createElement("small");
    text.className = "fault-text";
    text.textContent = fault(error);
    input.after(text);
  }
  const line = document.createElement("p");
  line.className = "form-fault";
  line.setAttribute("role", "alert");
  const more = problem.detail && !meaning(problem.code) ? [problem.detail] : left;
  line.textContent = [problem.message, ...more.filter((text) => text !== problem.message)].join(" · ");
  const last = form.querySelector("button[type=submit]");
  (last.closest(".row") ?? last).before(line);
  form.querySelector(".fault")?.focus();
}

export function clear(form) {
  form.querySelectorAll(".fault-text, .form-fault").forEach((element) => element.remove());
  form.querySelectorAll(".fault").forEach((element) => {
    element.classList.remove("fault");
    element.removeAttribute("aria-invalid");
  });
}

/** Runs `work` with the form's button disabled; a refusal is shown in the form. */
export async function submit(form, work) {
  const button = form.querySelector("button[type=submit]");
  button.disabled = true;
  clear(form);
  try {
    await work();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    mark(form, problem);
  } finally {
    button.disabled = false;
  }
}

function go(then, value) {
  if (then === "reload") location.reload();
  else if (then) location.assign(fill(then, value));
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-api]");
  if (!form) return;
  event.preventDefault();
  const [method, template] = form.dataset.api.split(" ");
  submit(form, async () => {
    const { body, path } = read(form);
    const value = await call(method, fill(template, path), body);
    if (form.dataset.show) {
      const line = document.createElement("p");
      line.className = "note";
      line.textContent = say("js-secret", { secret: value[form.dataset.show] });
      form.querySelector(".note")?.remove();
      form.append(line);
      return;
    }
    if (form.dataset.done) {
      toast(form.dataset.done);
      form.reset();
      return;
    }
    go(form.dataset.then, value);
  });
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-api]");
  if (!button) return;
  if (button.dataset.confirm && !window.confirm(button.dataset.confirm)) return;
  const [method, path] = button.dataset.api.split(" ");
  const body = button.dataset.body ? JSON.parse(button.dataset.body) : undefined;
  button.disabled = true;
  try {
    go(button.dataset.then, await call(method, path, body));
  } catch (problem) {
    fail(problem);
  } finally {
    button.disabled = false;
  }
});
