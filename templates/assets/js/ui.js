// Small pieces that scripts put on pages.
import { word } from "./texts.js";

const SPRITE = "/assets/vendor/lucide-1.62.0/icons.svg";
const ICONS = {
  ready: "circle-dot", busy: "phone-call", acw: "pencil", preview: "eye", unready: "coffee", logout: "circle",
  draft: "pencil", running: "play", paused: "pause", finished: "check", stopped: "square",
  queued: "clock", succeeded: "check", failed: "triangle-alert", cancelled: "x", ringing: "bell",
};

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${SPRITE}#${name}`);
  svg.append(use);
  return svg;
}

/** A state as icon, word and colour. */
export function chip(group, value, text = word(group, value), extra = "") {
  const span = make("span", { class: `st st-${group}-${value} ${extra}`.trim() });
  span.append(icon(ICONS[extra === "st-ringing" ? "ringing" : value] ?? "circle"), text);
  return span;
}

/** An element with attributes and children; texts are never read as markup. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}
