// Functions that the house hides from agents: what has data-function is shown only with one of them.
let hidden = new Set();

/** Takes the names from an answer about the agent. */
export function hide(names) {
  hidden = new Set(names);
}

export const has = (name) => !hidden.has(name);

/** Whether the agent has a function of this part of the page. */
export function offers(part) {
  const names = part.dataset.function?.split(" ") ?? [];
  return names.length === 0 || names.some(has);
}
