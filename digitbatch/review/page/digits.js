// All digits that were read the same, side by side.

import { ask, make, number, tell } from "./api.js";

const TEXTS = "0123456789?";
const ON_A_SHEET = 24; // pictures that come together
const TILE = 56;       // pixels of a picture
const tiles = document.getElementById("tiles");
const classes = document.getElementById("classes");
const said = document.getElementById("digits-said");
const context = document.getElementById("context");
const with_accepted = document.getElementById("with-accepted");
const size = document.getElementById("tile-size");

let text = null;      // which are shown
let start = 0;        // from where in their order
let after = 0;        // where the next ones begin
let shown = [];
let wrong = new Map(); // by the digit's number: what it is, "" while that is not typed
let chosen = 0;
let left = [];
let busy = false;
let began = false;
let drawing = 0;

export async function open() {
  if (!began) {
    began = true;
    with_accepted.addEventListener("change", () => choose(text));
    size.addEventListener("input", () => tiles.style.setProperty("--tile", `${size.value}px`));
    document.getElementById("rest").addEventListener("click", confirm_rest);
    tiles.addEventListener("keydown", keydown);
    tiles.addEventListener("click", (event) => {
      const tile = event.target.closest(".tile");
      if (!tile) return;
      chosen = Number(tile.dataset.at);
      toggle();
      focus();
    });
  }
  said.textContent = "Reading the digits…";
  await count();
  if (text === null) text = [...TEXTS].find((_, n) => left[n]) ?? "0";
  await choose(text);
}

async function count() {
  ({ left } = await ask("digit-counts", { accepted: with_accepted.checked }));
  classes.replaceChildren(...[...TEXTS].map((one, n) => {
    const button = make("button", { type: "button", "aria-pressed": String(one === text) },
      make("b", {}, one), make("small", {}, number(left[n])));
    button.setAttribute("aria-label", `read as ${one}, ${left[n]} left`);
    button.addEventListener("click", () => choose(one));
    return button;
  }));
}

async function choose(one) {
  text = one;
  start = 0;
  await load();
}

function how_many() {
  const side = Number(size.value) + 3;
  const across = Math.max(1, Math.floor((tiles.clientWidth || innerWidth - 32) / side));
  const down = Math.max(3, Math.floor((innerHeight - 260) / side));
  return Math.min(400, across * down);
}

async function load() {
  await count();
  const reply = await ask("digits", {
    text, accepted: with_accepted.checked, after: start, count: how_many(),
  });
  shown = reply.digits;
  after = reply.next;
  wrong = new Map();
  chosen = 0;
  tiles.setAttribute("aria-label", `Digits read as ${text}; those selected are wrong`);
  tiles.replaceChildren(...shown.map(tile));
  const more = left[TEXTS.indexOf(text)] - shown.length;
  said.textContent = shown.length
    ? `${number(shown.length)} that were read as ${text}, the most doubtful first${more > 0 ? `; ${number(more)} more` : ""}. Mark what is no ${text}.`
    : `Nothing that was read as ${text} is left${start ? " after those that were left for later" : ""}.`;
  draw_all();
  if (shown.length) focus();
  else { context.replaceChildren(); classes.querySelector("[aria-pressed=true]")?.focus(); }
}

function tile(digit, at) {
  const canvas = make("canvas", { width: TILE, height: TILE, "aria-hidden": "true" });
  const button = make("button", {
    type: "button", class: "tile", role: "option", "aria-selected": "false", tabindex: "-1",
    "data-at": String(at), "aria-label": `digit ${digit.at + 1} of ${digit.text}, ${digit.where}`,
  }, canvas);
  button.addEventListener("focus", () => { chosen = at; show_context(); });
  return button;
}

// The pictures of a sheet come in one file; two are on their way at a time.
async function draw_all() {
  const turn = ++drawing;
  const sheets = [];
  for (let at = 0; at < shown.length; at += ON_A_SHEET) sheets.push(at);
  const digits = shown;
  const one = async () => {
    for (let at = sheets.shift(); at !== undefined && turn === drawing; at = sheets.shift()) {
      const own = digits.slice(at, at + ON_A_SHEET);
      const reply = await fetch(`sheet/${own.map((digit) => digit.digit).join(",")}`);
      if (!reply.ok || turn !== drawing) return;
      const problem = reply.headers.get("x-problem");
      if (problem) tell(JSON.parse(problem));
      const picture = await createImageBitmap(await reply.blob());
      own.forEach((_, n) => {
        tiles.children[at + n]?.querySelector("canvas").getContext("2d")
          .drawImage(picture, n * TILE, 0, TILE, TILE, 0, 0, TILE, TILE);
      });
    }
  };
  await Promise.all([one(), one()]);
  if (turn === drawing) tiles.dataset.drawn = String(digits.length);
}

function focus() {
  const tile = tiles.children[chosen];
  if (!tile) return;
  for (const other of tiles.querySelectorAll("[tabindex='0']")) other.tabIndex = -1;
  tile.tabIndex = 0;
  tile.focus();
}

function show_context() {
  const digit = shown[chosen];
  if (!digit) return;
  const image = make("img", { src: `picture/${digit.field}`, alt: `the field of this digit: ${digit.text}` });
  const marks = make("div", { class: "marks" });
  const letters = [...digit.text];
  context.replaceChildren(
    make("div", { class: "frame" }, image, marks),
    make("span", { class: "text-read" }, letters.join("")),
    make("span", { class: "where" }, `${digit.where}, sure ${digit.confidence.toFixed(3)}`));
  const own = digit;
  ask("field", { field: digit.field }).then(({ digits }) => {
    const where = digits[own.at]?.place;
    if (shown[chosen] !== own || !where) return;
    const mark = make("div", { class: "doubt" });
    const [x1, y1, x2, y2] = where;
    Object.assign(mark.style, {
      left: `${100 * x1}%`, top: `${100 * y1}%`, width: `${100 * (x2 - x1)}%`, height: `${100 * (y2 - y1)}%`,
    });
    marks.append(mark);
  }).catch(() => {});
}

function set_wrong(at, right) {
  const tile = tiles.children[at];
  const { digit } = shown[at];
  if (right === null) wrong.delete(digit);
  else wrong.set(digit, right);
  tile.setAttribute("aria-selected", String(right !== null));
  tile.dataset.right = right === null ? "" : right || "✕";
  const count = wrong.size;
  said.textContent = `${number(count)} marked as wrong${count ? "; type what they are, then Enter: the rest is right" : ""}.`;
}

function toggle() {
  const { digit } = shown[chosen];
  set_wrong(chosen, wrong.has(digit) ? null : "");
}

function go(step) {
  chosen = Math.max(0, Math.min(shown.length - 1, chosen + step));
  focus();
}

function across() {
  return getComputedStyle(tiles).gridTemplateColumns.split(" ").length;
}

function keydown(event) {
  if (event.altKey || event.metaKey || event.ctrlKey || !shown.length) return;
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across(), ArrowUp: -across(),
    Home: -shown.length, End: shown.length };
  const key = event.key.toLowerCase();
  if (event.key in steps) go(steps[event.key]);
  else if (key === " ") toggle();
  else if (/^[0-9]$/.test(key)) { set_wrong(chosen, key === text ? null : key); go(1); }
  else if (key === "?" || key === "n") { set_wrong(chosen, "?"); go(1); }
  else if (key === "enter") confirm_rest();
  else if (key === "s") { start = after; load(); }
  else return;
  event.preventDefault();
  event.stopPropagation();
}

export function key(event) {
  if (event.key === "PageDown" || event.key === "PageUp") {
    const at = TEXTS.indexOf(text) + (event.key === "PageDown" ? 1 : -1) + TEXTS.length;
    choose(TEXTS[at % TEXTS.length]);
    return true;
  }
  return false;
}

async function confirm_rest() {
  if (busy || !shown.length) return;
  const untyped = shown.findIndex(({ digit }) => wrong.get(digit) === "");
  const marks = {};
  for (const { digit } of shown) {
    const right = wrong.get(digit) ?? text;
    if (right) marks[digit] = right;
  }
  busy = true;
  try {
    if (Object.keys(marks).length) await ask("mark-digits", { marks });
    document.dispatchEvent(new Event("answered"));
    if (untyped >= 0) { // these alone stay, to be typed
      shown = shown.filter(({ digit }) => wrong.get(digit) === "");
      wrong = new Map();
      tiles.replaceChildren(...shown.map(tile));
      shown.forEach((_, at) => set_wrong(at, ""));
      said.textContent = "The others are right. Type what these are, N for no digit; S leaves them for later.";
      chosen = 0;
      draw_all();
      focus();
    } else {
      await load();
      if (!shown.length) {
        const next = [...TEXTS].find((_, n) => left[n]);
        if (next !== undefined && !start) await choose(next);
      }
    }
  } catch (error) {
    said.textContent = error.message;
  } finally {
    busy = false;
  }
}

export async function undo() {
  const { undone } = await ask("undo");
  document.dispatchEvent(new Event("answered"));
  start = 0;
  await load();
  if (!undone.length) said.textContent = "There is nothing to undo in this window.";
}
