// The batch page: uploads with progress, and the table of fields.
import { Problem, call, fail, toast } from "./api.js";
import { submit } from "./forms.js";
import { follow } from "./jobs.js";
import { count, say } from "./texts.js";
import { send } from "./upload.js";

/** The file of a form, and what is to be done with rows that are there. */
function parts(form) {
  const policy = form.elements.dup_policy;
  return [...(policy ? [["dup_policy", policy.value]] : []), ["file", form.elements.file.files[0]]];
}

for (const form of document.querySelectorAll("form[data-upload]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (form.elements.file.files[0].size > Number(form.dataset.limit)) {
      toast(say("js-too-large"), true);
      return;
    }
    const bar = form.querySelector("progress");
    const button = form.querySelector("button[type=submit]");
    const label = button.lastChild.textContent;
    const tell = (text) => {
      button.lastChild.textContent = text;
    };
    bar.hidden = false;
    submit(form, async () => {
      try {
        const answer = await send("POST", form.dataset.upload, parts(form), (done, total) => {
          bar.max = total;
          bar.value = done;
          tell(say("js-uploading", { percent: Math.floor((done / total) * 100) }));
        });
        if (answer.job_id) {
          tell(say("js-reading"));
          bar.removeAttribute("value");
          await follow(answer.job_id, (job) => {
            if (job.total <= 0) return;
            bar.max = job.total;
            bar.value = job.done;
            tell(say("js-importing", { done: count(job.done), total: count(job.total) }));
          });
        }
        location.reload();
      } finally {
        bar.hidden = true;
        tell(label);
      }
    });
  });
}

/** One row of the table as the field it stands for. */
function field(row) {
  const old = JSON.parse(row.dataset.field);
  const input = (name) => row.querySelector(`[name=${name}]`);
  return {
    ...old,
    title: input("title").value.trim(),
    is_phone: input("is_phone").checked,
    is_key: input("is_key").checked,
    hidden: input("hidden").checked,
    data_type: input("data_type").value,
    checks: [...row.querySelectorAll("[name=checks]:checked")].map((box) => box.value),
  };
}

const fields = document.getElementById("fields");
fields?.addEventListener("submit", (event) => {
  event.preventDefault();
  const base = `/api/v1/batches/${fields.dataset.batch}`;
  submit(fields, async () => {
    const rows = [...fields.querySelectorAll("tr[data-field]")];
    await call("PUT", `${base}/fields`, rows.map(field));
    await call("POST", `${base}/template/save`);
    location.reload();
  });
});
window.addEventListener("unhandledrejection", (event) => event.reason instanceof Problem && fail(event.reason));
