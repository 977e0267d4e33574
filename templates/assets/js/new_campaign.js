// The form for a new campaign: the campaign first, then its targets.
import { Problem, call } from "./api.js";
import { fit as fitFields, mark, read, submit } from "./forms.js";
import { say } from "./texts.js";

const form = document.getElementById("campaign");
const mode = form?.elements.campaign_type;

/** Shows what the chosen type needs, and whether it listens to answers. */
function fit() {
  const listens = document.getElementById("listens")?.value === "true";
  const machine = form.elements["settings.classification.machine"]?.value;
  for (const field of form.querySelectorAll("[data-modes], [data-listens]")) {
    const { modes, listens: when } = field.dataset;
    const fits = modes === undefined || modes.split(" ").includes(mode.value);
    const heard = when === undefined || (listens && (when === "" || when === machine));
    field.hidden = !(fits && heard);
  }
  fitFields(form);
}

/** "09:00-12:00, 13:30-20:00" as minutes since midnight. */
function ranges(text) {
  return text.split(/[,，]/).map((range) => {
    const found = range.trim().match(/^(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})$/);
    if (!found) throw new Problem({ code: "INVALID", errors: [{ pointer: "/hours", message: say("js-hours-bad") }] }, 422);
    const [from, fromMinute, to, toMinute] = found.slice(1).map(Number);
    return [from * 60 + fromMinute, to * 60 + toMinute];
  });
}

function targets() {
  switch (mode.value) {
    case "predictive":
      return [{ target_type: "queue", target_id: document.getElementById("queue").value, quantity: 0 }];
    case "preview":
      return [...document.getElementById("agents").selectedOptions].map((option) => ({ target_type: "agent", target_id: option.value }));
    default:
      return [{ target_type: "robot", target_id: form.elements["settings.robot.prompt"].value || "robot", quantity: 0 }];
  }
}

let made = null;

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  submit(form, async () => {
    const { body } = read(form);
    body.settings ??= {};
    body.settings.window = { zone: "Asia/Shanghai", weekdays: [1, 2, 3, 4, 5, 6, 7], ranges: ranges(document.getElementById("hours").value) };
    // Without a ratio of its own a campaign dials as the wider levels say.
    const lines = document.getElementById("ratio").value;
    if (mode.value === "predictive" && lines) body.settings.pacing = { mode: "ratio", lines: Number(lines) };
    try {
      made ??= await call("POST", "/api/v1/campaigns", body);
      await call("PUT", `/api/v1/campaigns/${made.id}/targets`, targets());
      location.assign(`/campaigns/${made.id}`);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      mark(form, problem);
    }
  });
});

if (form) {
  form.addEventListener("input", fit);
  fit();
}
