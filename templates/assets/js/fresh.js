// Parts of a page that stay current: every ten seconds [data-fresh] takes over what the server says now
// (VOX-195). Who has details open or a button in hand keeps them.
const EVERY_MS = 10000;
const HELD = "button, summary, a, [tabindex]";
const banner = document.getElementById("offline");

async function page() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (answer.redirected) location.assign(answer.url);
  if (!answer.ok) throw new Error(answer.statusText);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

function replace(part, now) {
  const open = [...part.querySelectorAll("details[open][id]")].map((one) => one.id);
  const held = [...part.querySelectorAll(HELD)].indexOf(document.activeElement);
  part.replaceChildren(...now.childNodes);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (held >= 0) part.querySelectorAll(HELD)[held]?.focus({ preventScroll: true });
}

async function look() {
  if (document.hidden) return;
  try {
    const now = await page();
    for (const part of document.querySelectorAll("[data-fresh]")) replace(part, now.getElementById(part.id));
    banner.hidden = true;
  } catch {
    banner.hidden = false;
  }
}

setInterval(look, EVERY_MS);
