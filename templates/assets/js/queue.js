// A queue's page: what it says of one agent is changed in a dialog.
import { fail, get } from "./api.js";
import { fill } from "./edit.js";
import { clear } from "./forms.js";

const dialog = document.getElementById("member");
const form = dialog.querySelector("form");
const members = form.dataset.api.split(" ")[1].replace("/{agent}", "");

async function edit({ member, name }) {
  const { data } = await get(members);
  const { settings } = data.find((one) => one.agent_id === member);
  clear(form);
  fill(form, settings);
  form.elements["@agent"].value = member;
  document.getElementById("member-name").textContent = name;
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-member]");
  if (button) edit(button.dataset).catch(fail);
  if (event.target.closest("[data-cancel]")) dialog.close();
});
