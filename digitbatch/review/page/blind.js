// Accepted fields, typed without showing what was read.

import { ask, fetch_ahead, make, number } from "./api.js";
import { FieldCard } from "./field_card.js";

const section = document.getElementById("blind");
const where = section.querySelector(".where");
const place = section.querySelector(".one");
const statement = document.getElementById("statement");

let card = null;
let current = null;
let skipped = 0;
let again = false;
let busy = false;

export async function open() {
  tell_state(await ask("blind-state"));
  if (!current) await next();
  else card.box.focus();
}

async function next() {
  const { field } = await ask("blind-next", { skip: skipped });
  current = field;
  again = false;
  if (!field) {
    place.replaceChildren(make("p", { class: "done" }, "No accepted field is left to type."));
    card = null;
    return;
  }
  if (!card) card = new FieldCard(place, { enter, key, typed: () => {} });
  where.textContent = `${field.name} · ${field.file}, page ${field.page}`;
  card.asked.textContent = "Type what is written";
  card.show(field, "");
  ask("blind-next", { skip: skipped + 1 }).then((reply) => {
    if (reply.field) fetch_ahead([`picture/${reply.field.field}`]);
  }).catch(() => {});
}

async function enter(text) {
  if (busy || !current) return;
  busy = true;
  try {
    const reply = await ask("blind-answer", { field: current.field, text, again });
    if (reply.again) {
      again = true;
      card.box.value = "";
      card.rule.textContent = "That is not what was read. Look closely and type it once more: this time it counts.";
      card.box.focus();
      return;
    }
    document.dispatchEvent(new Event("answered"));
    tell_state(reply);
    await next();
  } catch (error) {
    if (card) card.rule.textContent = error.message;
  } finally {
    busy = false;
  }
}

function key(name) {
  if (name === "s") { skipped += 1; next(); }
  else if (name === "b") { skipped = Math.max(0, skipped - 1); next(); }
  else if (name === "u") undo();
  else return false;
  return true;
}

export async function undo() {
  const { undone } = await ask("undo");
  document.dispatchEvent(new Event("answered"));
  tell_state(await ask("blind-state"));
  await next();
  if (!undone.length && card) card.rule.textContent = "There is nothing to undo in this window.";
}

function percent(share) {
  return `${(100 * share).toFixed(share < 0.1 ? 2 : 1)}%`;
}

function tell_state(state) {
  const most = percent(state.max_error);
  if (!state.typed) {
    statement.textContent = `${number(state.accepted)} fields are accepted. A random sample of them, typed blind, `
      + `shows how many are wrong: it takes ${number(state.more)} without an error to show that at most ${most} are.`;
    return;
  }
  const held = state.more === 0
    ? `review.max_error (${most}) holds.`
    : `It takes ${number(state.more)} more without an error to show that at most ${most} are (review.max_error)`
      + (state.more > state.accepted - state.typed ? ", more than are left." : ".");
  statement.textContent = `${number(state.typed)} typed, ${number(state.wrong)} wrong: `
    + `at most ${percent(state.bound)} of the accepted fields are wrong, `
    + `${Math.round(100 * state.level)}% sure. ${held}`;
}
