// One field as it is shown: its picture, the box to type in, and its keys.

import { make, why_missing } from "./api.js";

const ZOOM_HEIGHT = 230; // css pixels that a field's picture may be high, before it is as wide as the page

export class FieldCard {
  constructor(place, actions) {
    place.replaceChildren(document.getElementById("one-field").content.cloneNode(true));
    this.place = place;
    this.image = place.querySelector("img");
    this.marks = place.querySelector(".marks");
    this.caption = place.querySelector("figcaption");
    this.reason = place.querySelector(".reason");
    this.read = place.querySelector(".read");
    this.asked = place.querySelector(".asked");
    this.box = place.querySelector("input");
    this.rule = place.querySelector(".rule");
    this.actions = actions;
    this.around = false;
    place.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      // An empty box is seldom meant: nothing written has a key of its own.
      if (this.box.value.trim()) actions.enter(this.box.value);
      else this.rule.textContent = "Type what is written, or E where nothing is.";
    });
    for (const button of place.querySelectorAll("[data-key]")) {
      button.addEventListener("click", () => { this.key(button.dataset.key); this.box.focus(); });
    }
    this.box.addEventListener("keydown", (event) => this.keydown(event));
    this.box.addEventListener("input", () => actions.typed?.(this.box.value));
    this.image.addEventListener("error", () => this.missing());
    this.image.addEventListener("load", () => { this.caption.textContent = ""; });
  }

  show(field, text) {
    this.field = field;
    this.around = false;
    this.box.value = text;
    this.rule.textContent = "";
    this.reason.textContent = field.message || "";
    this.draw();
    this.show_read();
    this.box.focus();
    this.box.select();
  }

  draw() {
    const { field } = this;
    const address = `picture/${field.field}${this.around ? "/around" : ""}`;
    this.image.alt = `${field.name} of ${field.file}, page ${field.page}, as it is written`;
    this.image.src = address;
    const [width, height] = field.picture ?? [0, 0];
    if (width && !this.around) {
      const scale = Math.min(ZOOM_HEIGHT / height, 5);
      this.image.style.width = `${Math.round(width * scale)}px`;
      this.image.style.aspectRatio = `${width} / ${height}`;
      this.image.style.maxHeight = "";
    } else {
      this.image.style.width = this.image.style.aspectRatio = "";
      this.image.style.maxHeight = "60vh";
    }
    this.marks.replaceChildren();
    const doubts = this.around ? [] : (field.digits ?? []).filter((digit) => digit.doubtful && digit.place);
    for (const { place: [left, top, right, bottom] } of doubts) {
      const mark = make("div", { class: "doubt" });
      Object.assign(mark.style, {
        left: `${100 * left}%`, top: `${100 * top}%`,
        width: `${100 * (right - left)}%`, height: `${100 * Math.min(1 - top, bottom - top + 0.08)}%`,
      });
      this.marks.append(mark);
    }
    this.place.querySelector("[data-key=a]").setAttribute("aria-pressed", String(this.around));
  }

  // What was read, digit by digit, with the runners-up of doubtful ones below.
  show_read() {
    const { digits, text } = this.field;
    this.read.hidden = !digits;
    if (!digits) return;
    let at = 0;
    this.read.replaceChildren(...[...text].map((one) => {
      const digit = /[0-9?]/.test(one) ? digits[at++] : null;
      const span = make("span", {}, one === " " ? " " : one);
      if (digit?.seen) span.className = "seen";
      else if (digit?.doubtful) {
        span.className = "doubt";
        span.append(make("small", {}, digit.runners_up.slice(0, 2).join(" ") || " "));
      }
      return span;
    }));
  }

  async missing() {
    if (!this.image.src) return;
    const why = await why_missing(this.image.src);
    this.caption.textContent = why;
  }

  // The place in the text of each digit that was read; only while the text is as long as that.
  places() {
    const { digits, text } = this.field;
    if (!digits || this.box.value.length !== text.length) return [];
    return [...text].flatMap((one, at) => (/[0-9?]/.test(one) ? [at] : []));
  }

  doubtful_places() {
    return this.places().filter((_, n) => this.field.digits[n].doubtful && !this.field.digits[n].seen);
  }

  jump() {
    const doubtful = this.doubtful_places();
    const whole = this.box.selectionEnd - this.box.selectionStart > 1;
    const from = whole ? -1 : this.box.selectionStart;
    const next = doubtful.find((at) => at > from) ?? doubtful[0];
    if (next !== undefined) this.box.setSelectionRange(next, next + 1);
  }

  // Another reading of the digit at the cursor; of the most doubtful one where all is chosen.
  turn(step) {
    const places = this.places();
    const { selectionStart: from, selectionEnd: to } = this.box;
    const all = to - from > 1;
    const doubtful = this.doubtful_places();
    const at = all ? doubtful[0] ?? places[0] : places.find((one) => one >= from) ?? places.at(-1);
    if (at === undefined) return;
    const digit = this.field.digits[places.indexOf(at)];
    const known = [digit.text, ...digit.runners_up].filter((one) => /^[0-9?]$/.test(one));
    const options = [...known, ..."0123456789"].filter((one, n, list) => list.indexOf(one) === n);
    const now = options.indexOf(this.box.value[at]);
    const next = options[(now + step + options.length) % options.length];
    this.box.value = this.box.value.slice(0, at) + next + this.box.value.slice(at + 1);
    this.box.setSelectionRange(at, at + 1);
    this.actions.typed?.(this.box.value);
  }

  key(key) {
    if (key === "a") {
      this.around = !this.around;
      this.draw();
    } else if (key === "j") this.jump();
    else if (key === "e") this.actions.enter("");
    else if (key === "n") this.actions.enter("?");
    else return this.actions.key(key);
    return true;
  }

  keydown(event) {
    if (event.altKey || event.metaKey || event.ctrlKey) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      this.turn(event.key === "ArrowDown" ? 1 : -1);
    } else if (/^[a-z]$/i.test(event.key)) {
      if ("eanjsbu".includes(event.key.toLowerCase())) {
        event.preventDefault();
        event.stopPropagation();
        this.key(event.key.toLowerCase());
      }
    }
  }
}
