// Sends files.
import { Problem, headers } from "./api.js";

/** Sends parts as multipart; fetch tells nothing of upload progress, so the older way. Text parts stand first: a
 *  file is stored as it comes. */
export function send(method, path, parts, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, path);
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => progress(event.loaded, event.total));
    request.addEventListener("load", () => {
      const body = request.response ?? {};
      if (request.status < 400) resolve(body);
      else reject(new Problem(body, request.status));
    });
    request.addEventListener("error", () => reject(new Problem({ code: "network" }, 0)));
    const data = new FormData();
    for (const [name, value] of parts) data.append(name, value);
    request.send(data);
  });
}
