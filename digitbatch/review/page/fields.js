// One field after another.

import { ask, fetch_ahead, make } from "./api.js";
import { FieldCard } from "./field_card.js";

const section = document.getElementById("fields");
const where = section.querySelector(".where");
const place = section.querySelector(".one");
const view = document.getElementById("view");
const AHEAD = 6;

let card = null;
let waiting = [];   // fields that come next
let seen = [];      // numbers of those before, for going back
let current = null;
let cursor = -1;    // up to where the view was asked for
let wrapped = false;
let allowed = null; // a text that breaks a rule and was entered once
let busy = false;

export async function open(changed) {
  if (!card) {
    card = new FieldCard(place, { enter, typed, key });
    view.addEventListener("change", () => { restart(); next(); });
  }
  if (changed || !current) { restart(); await next(); } else card.box.focus();
}

function restart() {
  waiting = [];
  cursor = -1;
  wrapped = false;
  current = null;
}

async function more() {
  const reply = await ask("next", { view: view.value, after: cursor, count: AHEAD });
  waiting.push(...reply.fields.filter((field) => field.field !== current?.field));
  if (reply.fields.length) cursor = reply.fields.at(-1).field;
  fetch_ahead(waiting.slice(0, AHEAD).map((field) => `picture/${field.field}`));
  return reply.fields.length > 0;
}

async function next() {
  if (!waiting.length && !(await more()) && !wrapped && view.value === "review") {
    wrapped = true; // what was skipped comes again, once
    cursor = -1;
    await more();
  }
  show(waiting.shift() ?? null);
  if (current && waiting.length < 3) more();
}

function show(field) {
  current = field;
  allowed = null;
  if (!field) {
    where.textContent = "";
    const again = make("button", { type: "button", class: "main" }, "Look again");
    again.addEventListener("click", () => location.reload());
    place.replaceChildren(make("p", { class: "done" },
      view.value === "review" ? "Nothing is left to review. " : "There is nothing more here. ", again));
    card = null;
    again.focus();
    return;
  }
  if (!card || !place.contains(card.box)) card = new FieldCard(place, { enter, typed, key });
  where.textContent = `${field.name} · ${field.file}, page ${field.page}`;
  const mine = field.mine;
  card.asked.textContent = mine === null ? "What is written" : "What you said is written";
  // A second look is one of its own: what the first person said is not shown.
  card.show(field, mine ?? field.text);
}

let checks = 0;
async function typed(text) {
  const number = ++checks;
  allowed = null;
  try {
    const { broken } = await ask("check", { field: current.field, text });
    if (number === checks) card.rule.textContent = broken.join("; ");
  } catch (error) {
    if (number === checks) card.rule.textContent = error.message;
  }
}

async function enter(text) {
  if (busy || !current) return;
  busy = true;
  try {
    if (allowed !== text) {
      const { broken } = await ask("check", { field: current.field, text });
      if (broken.length) {
        checks++;
        card.rule.textContent = `${broken.join("; ")}. Enter again if it is written so.`;
        if (card.box.value !== text) card.box.value = text;
        allowed = text;
        return;
      }
    }
    await ask("answer", { field: current.field, text });
    seen.push(current.field);
    document.dispatchEvent(new Event("answered"));
    await next();
  } catch (error) {
    if (card) card.rule.textContent = error.message;
  } finally {
    busy = false;
  }
}

function key(name) {
  if (name === "s" && current) {
    seen.push(current.field);
    next();
  } else if (name === "b") back();
  else if (name === "u") undo();
  else return false;
  return true;
}

async function back() {
  const before = seen.pop();
  if (before === undefined) return;
  if (current) waiting.unshift(current);
  show(await ask("field", { field: before }));
}

export async function undo() {
  const { undone } = await ask("undo");
  document.dispatchEvent(new Event("answered"));
  if (!undone.length) {
    if (card) card.rule.textContent = "There is nothing to undo in this window.";
    return;
  }
  const number = undone.at(-1);
  seen = seen.filter((one) => one !== number);
  if (current && current.field !== number) waiting.unshift(current);
  waiting = waiting.filter((field) => field.field !== number);
  show(await ask("field", { field: number }));
}
