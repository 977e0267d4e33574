// Things that are changed in the form that made them: [data-edit] names where the thing is told, and the
// section's form[data-keep] what of it is kept.
import { fail, get } from "./api.js";
import { fit } from "./forms.js";
import { written } from "./spans.js";

const at = (value, name) => name.split(".").reduce((inside, key) => inside?.[key], value);

/** Writes what is there into the form's inputs. */
export function fill(form, value, id) {
  form.reset();
  form.kept = Object.fromEntries(form.dataset.keep.split(" ").filter((name) => value[name] !== undefined && value[name] !== null).map((name) => [name, value[name]]));
  for (const input of form.elements) {
    if (!input.name) continue;
    if (input.name === "@id") {
      input.value = id;
      input.readOnly = true;
      input.setCustomValidity("");
    } else if (input.type !== "password") write(input, at(form.kept, input.name));
  }
  fit(form);
}

function write(input, value) {
  if (input.type === "checkbox") {
    // Without a stored value it stands as in a new form.
    if (value !== undefined && value !== null) input.checked = Boolean(value);
    return;
  }
  const kinds = { seconds: (ms) => ms / 1000, lines: (all) => all.join(input.tagName === "TEXTAREA" ? "\n" : ", "), spans: written, rules: (all) => all.map((rule) => `${rule.from} = ${rule.to}`).join("\n") };
  const text = value === undefined || value === null ? "" : String(kinds[input.dataset.kind]?.(value) ?? value);
  if (input.tagName === "SELECT") {
    const known = [...input.options].some((option) => option.value === text);
    // Without a stored value it stands as in a new form.
    if (!known && text === "") return;
    if (!known) input.add(new Option(text, text));
  }
  input.value = text;
}

/** Some lists are the only place where a row is told. */
async function told(path, id) {
  const answer = await get(path);
  if (answer.home_extension) answer.extension = answer.home_extension;
  return id ? answer.data.find((one) => one.id === id) : answer;
}

document.addEventListener("click", async (event) => {
  const close = event.target.closest("[data-close]");
  if (close) close.closest("details.drop").open = false;
  const button = event.target.closest("[data-edit]");
  if (!button) return;
  const form = button.closest("section").querySelector("form[data-keep]");
  try {
    const value = await told(button.dataset.edit, button.dataset.id);
    fill(form, value, value.id ?? value.number);
    form.closest("details").open = true;
    form.scrollIntoView({ block: "nearest" });
    form.elements.name?.focus();
  } catch (problem) {
    fail(problem);
  }
});

// A form that is closed forgets what it changed.
for (const drop of document.querySelectorAll("details.drop")) {
  drop.addEventListener("toggle", () => {
    const form = drop.querySelector("form");
    if (drop.open || !form.kept) return;
    delete form.kept;
    form.reset();
    for (const input of form.querySelectorAll("[readonly]")) input.readOnly = false;
    fit(form);
  });
}
