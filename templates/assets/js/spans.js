// Office hours as people write them: "1-5 09:00-18:00; 6 09:00-12:00", weekdays from 1 = Monday.
import { Problem } from "./api.js";
import { say } from "./texts.js";

const SPAN = /^([1-7])(?:-([1-7]))?\s+(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})$/;

/** Spans of minutes; none when nothing is written. A refusal names the input `name`. */
export function spans(text, name) {
  const parts = text.split(/[;；\n]/).map((part) => part.trim()).filter(Boolean);
  if (!parts.length) return undefined;
  return parts.map((part) => {
    const found = part.match(SPAN);
    if (!found) throw new Problem({ code: "INVALID", errors: [{ pointer: `/${name.replaceAll(".", "/")}`, message: say("js-spans-bad") }] }, 422);
    const [first, last, hour, minute, toHour, toMinute] = found.slice(1).map((digits) => (digits === undefined ? undefined : Number(digits)));
    const weekdays = [];
    for (let day = first; day <= (last ?? first); day += 1) weekdays.push(day);
    return { weekdays, from: hour * 60 + minute, to: toHour * 60 + toMinute };
  });
}

const clock = (minutes) => `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;

/** The other way; days that do not follow one another are written one by one. */
export function written(all) {
  return all.flatMap(({ weekdays, from, to }) => {
    const hours = `${clock(from)}-${clock(to)}`;
    const [first, last] = [weekdays[0], weekdays.at(-1)];
    const inRow = last - first === weekdays.length - 1;
    return inRow ? [`${first === last ? first : `${first}-${last}`} ${hours}`] : weekdays.map((day) => `${day} ${hours}`);
  }).join("; ");
}
