// Talks to /api/v1.
import { fault, meaning, say } from "./texts.js";

const csrf = document.querySelector("meta[name=csrf]")?.content ?? "";

/** A refusal (RFC 9457). */
export class Problem extends Error {
  constructor(body, status) {
    const own = meaning(body.code);
    super(own ?? body.detail ?? body.title ?? say("code-other"));
    this.code = body.code ?? "other";
    this.status = status;
    this.detail = body.detail;
    this.errors = body.errors ?? [];
    this.requestId = body.request_id;
  }
}

export function headers(more = {}) {
  return { Accept: "application/json", "X-CSRF-Token": csrf, ...more };
}

/** Asks; throws a Problem when the answer is no. */
export async function call(method, path, body) {
  const options = { method, headers: headers() };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  if (method === "POST") options.headers["Idempotency-Key"] = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
  const answer = await fetch(path, options).catch(() => {
    throw new Problem({ code: "network" }, 0);
  });
  const value = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (!answer.ok) {
    if (answer.status === 401 && location.pathname !== "/login") location.assign("/login");
    throw new Problem(value ?? {}, answer.status);
  }
  return value;
}

export const get = (path) => call("GET", path);

/** Shows a short message; an error stays a little longer. */
export function toast(text, bad = false) {
  const line = document.createElement("p");
  line.className = bad ? "toast bad" : "toast";
  line.textContent = text;
  document.getElementById("toasts").replaceChildren(line);
  setTimeout(() => line.remove(), bad ? 8000 : 3000);
}

/** Shows what went wrong. */
export function fail(problem) {
  if (!(problem instanceof Problem)) throw problem;
  const about = problem.errors.map(fault).join("; ");
  const detail = problem.status === 422 && problem.detail ? problem.detail : about;
  toast(detail ? `${problem.message}: ${detail}` : problem.message, true);
}
