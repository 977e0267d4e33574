// Forms and buttons that speak to the interface.
//
//   <form data-api="POST /api/v1/batches" data-then="/batches/{id}">
//
// An input's name is its place in the body ("settings.gateway"); "@id" fills {id} of the path.
// data-kind: number, bool, lines. Empty inputs are left out. data-then: a path, or "reload".
import { Problem, call, fail, toast } from "./api.js";
import { meaning, say } from "./texts.js";

/** The body a form describes, and the values for its path. */
export function read(form) {
  const body = {};
  const path = {};
  for (const input of form.elements) {
    if (!input.name || input.disabled || input.closest("[hidden]")) continue;
    if (input.type === "radio" && !input.checked) continue;
    const value = valueOf(input);
    if (value === undefined) continue;
    if (input.name.startsWith("@")) path[input.name.slice(1)] = value;
    else put(body, input.name.split("."), value);
  }
  return { body, path };
}

function valueOf(input) {
  const text = input.value.trim();
  switch (input.dataset.kind) {
    case "bool":
      if (input.type === "checkbox") return input.checked;
      return text === "" ? undefined : text === "true";
    case "number":
      return text === "" ? undefined : Number(text);
    case "lines": {
      const lines = text.split(/[\n,，、]/).map((line) => line.trim()).filter(Boolean);
      return lines.length ? lines : undefined;
    }
    default:
      return text === "" ? undefined : input.type === "password" ? input.value : text;
  }
}

function put(into, place, value) {
  const [first, ...rest] = place;
  if (rest.length) put((into[first] ??= {}), rest, value);
  else into[first] = value;
}

export function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(values?.[name] ?? ""));
}

/** Marks the inputs that a refusal names; what it does not name is said above the button. */
export function mark(form, problem) {
  clear(form);
  const left = [];
  for (const error of problem.errors) {
    const name = error.pointer.slice(1).replaceAll("/", ".");
    const input = form.querySelector(`[name="${CSS.escape(name)}"], [name="@${CSS.escape(name)}"], #${CSS.escape(name)}`);
    if (!input) {
      left.push(error.message);
      continue;
    }
    input.classList.add("fault");
    input.setAttribute("aria-invalid", "true");
    const text = document.createElement("small");
    text.className = "fault-text";
    text.textContent = error.message;
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
  button.disabled = true;
  try {
    go(button.dataset.then, await call(method, path));
  } catch (problem) {
    fail(problem);
  } finally {
    button.disabled = false;
  }
});
