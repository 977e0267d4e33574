// What every page needs.
import "./forms.js";
import { fail } from "./api.js";
import { follow } from "./jobs.js";

// The theme: as the system has it, until somebody chooses.
document.getElementById("theme")?.addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  document.cookie = `theme=${root.dataset.theme}; Path=/; Max-Age=31536000; SameSite=Lax`;
});

// Rows whose job still runs move on by themselves.
for (const row of document.querySelectorAll("tr[data-job]")) {
  if (!row.dataset.job) continue;
  const bar = row.querySelector("progress");
  follow(row.dataset.job, (job) => {
    if (bar && job.total > 0) {
      bar.max = job.total;
      bar.value = job.done;
    }
  }).then(() => location.reload(), (problem) => {
    fail(problem);
    setTimeout(() => location.reload(), 3000);
  });
}
