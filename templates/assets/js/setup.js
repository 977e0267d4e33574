// Set-up: where a number would go. Rows are changed in the form that made them.
import "./edit.js";
import { call } from "./api.js";
import { read, submit } from "./forms.js";
import { say, word } from "./texts.js";
import { make } from "./ui.js";

/** The end of a walk in a sentence. */
function sentence(found) {
  const heard = found.prompt ? [say("js-where-hears", { prompt: found.prompt })] : [];
  if (found.end === "nowhere") return say("js-where-nowhere");
  if (found.end === "out") {
    const out = say("js-where-out", { number: found.number, gateway: found.gateway_id ?? say("js-where-any-gateway") });
    return [out, found.shown_caller ? say("js-where-shows", { caller: found.shown_caller }) : ""].filter(Boolean).join(" · ");
  }
  const silent = found.otherwise ? [say("js-where-silent", { to: place(found.otherwise) })] : [];
  return [...heard, place(found.to), ...silent].join(" · ");
}

const place = ({ type, ...to }) => `${word("destination", type)} ${Object.values(to)[0] ?? ""}`.trim();

const where = document.getElementById("where");
where.addEventListener("submit", (event) => {
  event.preventDefault();
  submit(where, async () => {
    const { body } = read(where);
    if (body.at) body.at = new Date(body.at).toISOString();
    const found = await call("GET", `/api/v1/route-look-up?${new URLSearchParams(body)}`);
    const answer = document.getElementById("where-answer");
    answer.hidden = false;
    answer.querySelector(".note").textContent = sentence(found);
    answer.querySelector("tbody").replaceChildren(
      ...found.steps.map((step) => make(
        "tr", { class: step.verdict === "taken" ? "taken" : "" },
        make("td", {}, make("code", {}, step.route_id)), make("td", {}, word("route", step.kind)),
        make("td", { class: "mono" }, step.number), make("td", {}, word("step", step.verdict)),
      )),
    );
  });
});
