// Texts in the page's language.
const language = document.documentElement.lang;
const texts = await fetch(`/texts/${language}.json`).then((answer) => answer.json());

/** The text with this id; `{ $name }` is filled from `values`. */
export function say(id, values = {}) {
  const text = texts[id] ?? `⟦${id}⟧`;
  return text.replace(/\{\s*\$(\w+)\s*\}/g, (_, name) => values[name] ?? "");
}

/** The word for a value, or the value where there is none. */
export function word(group, value) {
  return texts[`word-${group}-${value}`] ?? value;
}

/** What a refusal with this code means. */
export function meaning(code) {
  return texts[`code-${code}`];
}

/** What is wrong with a value. The server says it in English, and with a code that other languages go by;
 * what a page says of itself has none. */
export function fault({ code, message }) {
  if (!code || language === "en") return message;
  const text = texts[`fault-${code}`] ?? texts["fault-invalid"];
  return text.replace(/\{\s*\$range\s*\}/, () => range(message)).trim();
}

/** The numbers of "must be 0 or 5 to 3,600" and "at most 50 users", without the words. */
function range(message) {
  const most = message.match(/at most (\d[\d.,]*)/);
  if (most) return `≤ ${most[1]}`;
  const found = message.match(/\d[\d.,]*(?:,? (?:to|or) \d[\d.,]*)*/)?.[0] ?? "";
  return found.replaceAll(" to ", " – ").replaceAll(/,? or /g, " / ");
}

const plain = new Intl.NumberFormat(language);

export function count(number) {
  return plain.format(number ?? 0);
}

export function percent(share) {
  return new Intl.NumberFormat(language, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(share);
}

/** mm:ss, from one hour on h:mm:ss. */
export function length(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${two(minutes)}:${two(seconds % 60)}`;
}
