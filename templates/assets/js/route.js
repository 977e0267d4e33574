// A route's text is saved as it is written: the server checks it as it does that of the form.
import { Problem, call } from "./api.js";
import { submit } from "./forms.js";
import { say } from "./texts.js";

const form = document.getElementById("text");

function read() {
  try {
    return JSON.parse(form.elements.document.value);
  } catch {
    throw new Problem({ code: "INVALID", errors: [{ pointer: "/document", message: say("js-no-json") }] }, 422);
  }
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  submit(form, async () => {
    await call("PUT", `/api/v1/routes/${form.dataset.route}`, read());
    location.reload();
  });
});
