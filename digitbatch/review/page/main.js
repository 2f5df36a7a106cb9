// The frame: which way is open, how far it has come, and the keys that work everywhere.

import { ask, number } from "./api.js";
import * as blind from "./blind.js";
import * as digits from "./digits.js";
import * as fields from "./fields.js";
import * as people from "./people.js";

const modes = { fields, digits, blind, people };
const keys = { f: "fields", d: "digits", c: "blind", p: "people" };
const help = document.getElementById("help");
let mode = null;

async function open(name) {
  const changed = mode !== null && mode !== name;
  mode = name;
  for (const one of Object.keys(modes)) document.getElementById(one).hidden = one !== name;
  for (const button of document.querySelectorAll("[data-mode]")) {
    if (button.dataset.mode === name) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
  }
  location.hash = name;
  await Promise.all([modes[name].open(changed), progress()]);
}

async function progress() {
  const state = await ask("state");
  const done = state.to_review - state.left;
  document.title = `${number(state.left)} left · ${state.name}`;
  document.getElementById("name").textContent = `${state.name}, as ${state.by || "nobody"}`;
  document.getElementById("bar").value = state.to_review ? done / state.to_review : 1;
  const rate = state.per_minute === null ? "" : ` · ${Math.round(state.per_minute)} a minute`;
  document.getElementById("counts").textContent =
    `${number(state.left)} left of ${number(state.to_review)} · ${number(state.verified)} verified${rate}`;
  document.getElementById("disagreements").textContent = state.disagreements || "";
  const notes = [...state.warnings];
  if (state.stale) notes.push(`${number(state.stale)} corrections are of ink that no field has now: they are not applied`);
  if (state.read_since) notes.push("digitbatch has read more since: start the review again to see it");
  const place = document.getElementById("notes");
  place.textContent = notes.join(" · ");
  place.hidden = !notes.length;
}

document.addEventListener("answered", () => progress().catch(() => {}));
for (const button of document.querySelectorAll("[data-mode]")) {
  button.addEventListener("click", () => open(button.dataset.mode));
}
document.getElementById("help-button").addEventListener("click", () => help.showModal());

document.addEventListener("keydown", (event) => {
  if (help.open) return;
  const key = event.key.toLowerCase();
  if ((event.ctrlKey || event.metaKey) && key === "z") {
    event.preventDefault();
    modes[mode].undo?.();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (key in keys) { event.preventDefault(); open(keys[key]); }
  else if (key === "h") { event.preventDefault(); help.showModal(); }
  else if (key === "u") { event.preventDefault(); modes[mode].undo?.(); }
  else if (modes[mode].key?.(event)) event.preventDefault();
});

const asked = location.hash.slice(1);
open(asked in modes ? asked : "fields");
setInterval(() => { if (!document.hidden) progress().catch(() => {}); }, 15000);
