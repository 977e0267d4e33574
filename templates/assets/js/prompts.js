// Prompts: sounds that are uploaded, and others that take their place.
import { toast } from "./api.js";
import { clear, submit } from "./forms.js";
import { say } from "./texts.js";
import { send } from "./upload.js";

const drop = document.getElementById("upload");
const form = drop.querySelector("form");
const name = form.elements["@id"];

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const [file] = form.elements.file.files;
  if (file.size > Number(form.dataset.limit)) {
    toast(say("js-too-large"), true);
    return;
  }
  const bar = form.querySelector("progress");
  bar.hidden = false;
  submit(form, async () => {
    try {
      const replaces = name.readOnly;
      const path = replaces ? `${form.dataset.sound}/${encodeURIComponent(name.value)}` : form.dataset.sound;
      const parts = replaces ? [["file", file]] : [["name", name.value.trim()], ["file", file]];
      await send(replaces ? "PUT" : "POST", path, parts, (done, total) => {
        bar.max = total;
        bar.value = done;
      });
      location.reload();
    } finally {
      bar.hidden = true;
    }
  });
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) drop.open = false;
  const button = event.target.closest("[data-replace]");
  if (!button) return;
  name.value = button.dataset.replace;
  name.readOnly = true;
  name.setCustomValidity("");
  drop.open = true;
  form.scrollIntoView({ block: "nearest" });
  form.elements.file.focus();
});

// A form that is closed is one for a new sound again.
drop.addEventListener("toggle", () => {
  if (drop.open) return;
  form.reset();
  clear(form);
  name.readOnly = false;
});
