// The campaign's dashboard: tiles, progress and the chart, fed by the event channel.
import { call, fail, get, toast } from "./api.js";
import { submit } from "./forms.js";
import { follow } from "./jobs.js";
import { listen } from "./live.js";
import { count, percent, say, word } from "./texts.js";
import { chip, make } from "./ui.js";

const SPAN_S = 600;
const board = document.getElementById("dashboard");
const id = board.dataset.campaign;
const tile = (name) => board.querySelector(`[data-stat=${name}]`);
const under = (name, text) => {
  board.querySelector(`[data-under=${name}]`).textContent = text || "\u00a0";
};

/** The floor's view of a campaign and the interface's answer hold the same numbers. */
function flat(data) {
  const { counts = {}, decision, ...rest } = data;
  return { ...rest, ...counts, lines: decision?.lines ?? data.lines, why: decision?.why ?? data.why };
}

function show(stats) {
  for (const name of ["dialling", "ringing", "waiting", "talking", "dialled", "answered", "machines", "connected", "abandoned"]) {
    tile(name).textContent = count(stats[name]);
  }
  under("abandoned", percent(stats.abandon_rate ?? 0));
  under("undone", stats.hopper ? say("js-hopper", { count: count(stats.hopper) }) : "");
  under("answered", stats.dialled ? percent(stats.answered / stats.dialled) : "");
  under("connected", stats.answered ? percent(stats.connected / stats.answered) : "");
  tile("abandoned").parentElement.classList.toggle("over", stats.answered > 20 && stats.abandon_rate > 0.03);
  progress(stats);
  reasons(stats);
  document.getElementById("state").replaceChildren(chip("campaign", stats.state));
  if (stats.state !== board.dataset.state) setTimeout(() => location.reload(), 1000);
}

/** What only the store knows: read now and then. */
let leads = { allocated: 0, closed: 0 };

function progress(stats) {
  if (stats.allocated !== undefined) leads = stats;
  const { allocated, closed } = leads;
  tile("undone").textContent = count(allocated - closed);
  const bar = document.getElementById("progress");
  bar.max = Math.max(allocated, 1);
  bar.value = closed;
  tile("share").textContent = allocated ? say("js-done-of", { done: count(closed), total: count(allocated) }) : "";
  const outcomes = Object.entries(stats.outcomes ?? {}).sort((a, b) => b[1] - a[1]);
  const all = outcomes.reduce((sum, [, number]) => sum + number, 0);
  document.getElementById("outcomes").replaceChildren(
    ...outcomes.map(([name, number]) =>
      make("div", { class: "bar" }, word("outcome", name), make("meter", { min: 0, max: Math.max(all, 1), value: number }), count(number)),
    ),
  );
}

/** Why no more is dialled: for the person who asks at ten. */
function reasons(stats) {
  const note = document.getElementById("why");
  const parts = [];
  if (stats.state === "running") {
    if (stats.why) parts.push(say("js-pace", { lines: stats.lines ?? 0, why: word("why", stats.why) }));
    const blocked = Object.entries(stats.blocked ?? {}).map(([name, number]) => `${word("block", name)} ${count(number)}`);
    if (blocked.length) parts.push(say("js-blocked", { why: blocked.join(" · ") }));
  } else {
    parts.push(say("js-idle-campaign"));
  }
  note.textContent = parts.join("  ");
}

const times = [];
const series = { talking: [], dialling: [], waiting: [] };
let chart = null;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

const clock = (at) => new Date(at * 1000).toLocaleTimeString(document.documentElement.lang, { hour12: false });

function draw() {
  const place = document.getElementById("chart");
  const axis = { stroke: colour("--c-text-2"), grid: { stroke: colour("--c-border"), width: 1 }, ticks: { stroke: colour("--c-border") } };
  const line = (text, name, dash) => ({ label: say(text), stroke: colour(name), width: 2, dash, points: { show: false } });
  place.replaceChildren();
  chart = new window.uPlot(
    {
      width: place.clientWidth,
      height: 240,
      legend: { live: false },
      scales: { y: { range: (_, __, most) => [0, Math.max(5, Math.ceil(most * 1.1))] } },
      series: [{}, line("js-chart-talking", "--st-talking"), line("js-chart-dialling", "--st-ringing", [6, 4]), line("js-chart-waiting", "--st-acw", [2, 3])],
      axes: [{ ...axis, incrs: [1, 2, 5, 10, 15, 30, 60, 120], values: (_, ticks) => ticks.map(clock) }, { ...axis, size: 40 }],
    },
    [times, series.talking, series.dialling, series.waiting],
    place,
  );
}

function point(stats, ts) {
  const at = Date.parse(ts) / 1000;
  if (times.length && at <= times.at(-1)) return;
  times.push(at);
  for (const name of Object.keys(series)) series[name].push(stats[name] ?? 0);
  while (times[0] < at - SPAN_S) {
    times.shift();
    Object.values(series).forEach((values) => values.shift());
  }
  if (!chart) draw();
  else chart.setData([times, series.talking, series.dialling, series.waiting]);
}

const look = () => get(`/api/v1/campaigns/${id}/stats`).then((stats) => {
  show(stats);
  if (stats.on_the_floor) point(stats, stats.as_of);
  else if (!chart) document.getElementById("chart").textContent = say("js-chart-none");
}, fail);

/** What bound over the last hour, and each lead's first reason; counted when asked for. */
function explain(why) {
  const bars = (rows, kind, shown) => {
    const all = rows.reduce((sum, [, number]) => sum + number, 0);
    return rows.map(([name, number]) =>
      make("div", { class: "bar" }, word(kind, name), make("meter", { min: 0, max: Math.max(all, 1), value: number }), shown(number, all)),
    );
  };
  const hour = why.last_hour.map((one) => [one.limit, one.ms]);
  document.getElementById("why-hour").replaceChildren(...bars(hour, "why", (ms, all) => percent(ms / Math.max(all, 1))));
  if (!why.leads) {
    if (why.job_id) setTimeout(() => get(`/api/v1/campaigns/${id}/why?job_id=${why.job_id}`).then(explain, fail), 1000);
    return;
  }
  const reasons = Object.entries(why.leads.reasons).sort((a, b) => b[1] - a[1]);
  document.getElementById("why-leads").replaceChildren(...bars(reasons, "block", (number) => count(number)));
}

document.getElementById("count-why").addEventListener("click", () => get(`/api/v1/campaigns/${id}/why`).then(explain, fail));
get(`/api/v1/campaigns/${id}/why?count=false`).then(explain, fail);

look();
if (board.dataset.state === "running") setInterval(look, 5000);
listen(`campaign:${id}`, (event, data, ts) => {
  if (event !== "campaign.stats") return void look();
  const stats = flat(data);
  show(stats);
  point(stats, ts);
}, look);

let resizing = 0;
window.addEventListener("resize", () => {
  clearTimeout(resizing);
  resizing = setTimeout(() => chart?.setSize({ width: document.getElementById("chart").clientWidth, height: 240 }), 120);
});
document.getElementById("theme").addEventListener("click", () => chart && draw());

document.getElementById("report").addEventListener("click", async (event) => {
  const button = event.currentTarget;
  button.disabled = true;
  toast(say("js-report-building"));
  try {
    const { job_id: job } = await call("POST", `/api/v1/campaigns/${id}/report`);
    await follow(job);
    location.assign(`/api/v1/jobs/${job}/file`);
  } catch (problem) {
    fail(problem);
  } finally {
    button.disabled = false;
  }
});

const survey = document.getElementById("survey");
survey.addEventListener("submit", (event) => {
  event.preventDefault();
  submit(survey, async () => {
    const path = `/api/v1/campaigns/${id}`;
    const { revision, settings } = await get(path);
    settings.survey = survey.elements.survey.value || null;
    await call("PATCH", path, { revision, settings });
    toast(say("js-saved"));
  });
});
