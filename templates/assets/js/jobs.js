// Follows a job to its end: by the event channel, and by asking now and then.
import { Problem, get } from "./api.js";
import { listen } from "./live.js";

const OVER = new Set(["succeeded", "failed", "cancelled"]);

/** Resolves when the job has succeeded; `progress(job)` is called on the way. */
export function follow(id, progress = () => {}) {
  return new Promise((resolve, reject) => {
    let timer = 0;
    const take = (job) => {
      progress(job);
      if (!OVER.has(job.state)) return;
      stop();
      if (job.state === "succeeded") resolve(job);
      else reject(new Problem({ code: job.error_code, detail: job.error_text }, 422));
    };
    const look = () => get(`/api/v1/jobs/${id}`).then(take, (problem) => {
      stop();
      reject(problem);
    });
    const stopListening = listen(`job:${id}`, (_, job) => take(job), look);
    const stop = () => {
      clearInterval(timer);
      stopListening();
    };
    timer = setInterval(look, 3000);
    look();
  });
}
