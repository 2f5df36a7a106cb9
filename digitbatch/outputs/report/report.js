"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const HEIGHT = 88, BEYOND = 6;
  const STATUSES = ["error", "review", "verified", "ok", "empty"];
  const [FILE, PAGE, FIELD, TEXT, SURE, STATUS, MESSAGE, BOX, PICTURE] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const rows = JSON.parse(document.getElementById("rows").textContent);
  const [list, space, field, search, order, count, large] =
    ["list", "space", "field", "search", "order", "count", "large"]
      .map((id) => document.getElementById(id));
  const shownStatuses = new Set(STATUSES);
  const totals = {};
  for (const row of rows) totals[row[STATUS]] = (totals[row[STATUS]] || 0) + 1;
  // All that a search looks at, in small letters, made once.
  const said = rows.map((r) => `${r[FILE]}\n${r[FIELD]}\n${r[TEXT]}\n${r[MESSAGE]}`.toLowerCase());
  const need = rows.map((_, i) => i).sort((a, b) => rank(a) - rank(b) || sure(a) - sure(b) || a - b);
  let shown = [], chosen = 0, drawn = new Map();

  function rank(i) { return STATUSES.indexOf(rows[i][STATUS]); }
  function sure(i) { return rows[i][SURE] === null ? -1 : rows[i][SURE]; }

  function element(name, kind, text) {
    const made = document.createElement(name);
    if (kind) made.className = kind;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  const buttons = STATUSES.map((status) => {
    const button = element("button", status, `${status} ${(totals[status] || 0).toLocaleString("en")}`);
    button.addEventListener("click", () => {
      if (!shownStatuses.delete(status)) shownStatuses.add(status);
      filter();
    });
    document.getElementById("statuses").append(button);
    return button;
  });
  for (const name of [...new Set(rows.map((row) => row[FIELD]))].sort().slice(0, 500)) {
    if (!name) continue;
    const option = element("option", "", name);
    option.value = name;
    field.append(option);
  }

  function only(status) {
    shownStatuses.clear();
    for (const one of STATUSES) if (!status || one === status) shownStatuses.add(one);
    filter();
  }

  function filter() {
    const wanted = search.value.trim().toLowerCase();
    const all = order.value === "need" ? need : rows.map((_, i) => i);
    shown = all.filter((i) => shownStatuses.has(rows[i][STATUS])
      && (!field.value || rows[i][FIELD] === field.value)
      && (!wanted || said[i].includes(wanted)));
    buttons.forEach((b, n) => b.setAttribute("aria-pressed", String(shownStatuses.has(STATUSES[n]))));
    count.textContent =
      `${shown.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")} rows`;
    space.style.height = `${shown.length * HEIGHT}px`;
    for (const row of drawn.values()) row.remove();
    drawn = new Map();
    chosen = 0;
    list.scrollTop = 0;
    draw();
  }

  // Only rows in sight, and a few beyond, are in the document.
  function draw() {
    const first = Math.max(0, Math.floor(list.scrollTop / HEIGHT) - BEYOND);
    const last = Math.min(shown.length,
      Math.ceil((list.scrollTop + list.clientHeight) / HEIGHT) + BEYOND);
    for (const [at, row] of drawn) if (at < first || at >= last) { row.remove(); drawn.delete(at); }
    for (let at = first; at < last; at++) if (!drawn.has(at)) {
      const row = made(shown[at], at);
      drawn.set(at, row);
      space.append(row);
    }
    for (const [at, row] of drawn) {
      row.classList.toggle("chosen", at === chosen);
      if (at === chosen) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
  }

  function made(index, at) {
    const [file, page, name, text, confidence, status, message, , picture] = rows[index];
    const row = element("div", "row");
    row.style.top = `${at * HEIGHT}px`;
    row.setAttribute("role", "listitem");
    row.setAttribute("aria-posinset", String(at + 1));
    row.setAttribute("aria-setsize", String(shown.length));
    const cut = element("div");
    if (picture) cut.append(image(element("img"), picture, name || file));
    const where = element("div", "where");
    where.append(element("small", "", `${file}, page ${page}${name ? `, ${name}` : ""}`),
      element("div", "reason", message));
    where.title = `${message}\n${file}`;
    row.append(cut, element("div", "text", text),
      element("div", "sure", confidence === null ? "" : confidence.toFixed(3)),
      element("div", `status ${status}`, status), where);
    row.addEventListener("click", () => { chosen = at; draw(); open(); });
    return row;
  }

  function image(img, picture, about) {
    img.alt = about;
    img.src = `data:image/webp;base64,${picture}`;
    return img;
  }

  function choose(at) {
    chosen = Math.min(Math.max(0, at), shown.length - 1);
    if (chosen < 0) return;
    const top = chosen * HEIGHT;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + HEIGHT > list.scrollTop + list.clientHeight) {
      list.scrollTop = top + HEIGHT - list.clientHeight;
    }
    draw();
    if (large.open) open();
  }

  function open() {
    const row = rows[shown[chosen]];
    if (!row) return;
    const picture = document.getElementById("large-picture");
    picture.hidden = !row[PICTURE];
    if (row[PICTURE]) image(picture, row[PICTURE], row[FIELD] || row[FILE]);
    const facts = [["text", row[TEXT]], ["confidence", row[SURE] === null ? "" : row[SURE]],
      ["status", row[STATUS]], ["reason", row[MESSAGE]], ["file", row[FILE]], ["page", row[PAGE]],
      ["field", row[FIELD]], ["box", row[BOX] ? row[BOX].join(", ") : ""]];
    document.getElementById("large-facts").replaceChildren(...facts
      .filter(([, value]) => value !== "")
      .flatMap(([name, value]) => [element("dt", "", name), element("dd", "", String(value))]));
    if (!large.open) large.showModal();
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target === search || event.target.tagName === "SELECT") {
      if (event.key === "Escape") list.focus();
      return;
    }
    const page = Math.max(1, Math.floor(list.clientHeight / HEIGHT) - 1);
    const moves = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1, PageDown: page, PageUp: -page };
    if (event.key in moves) choose(chosen + moves[event.key]);
    else if (event.key === "Home") choose(0);
    else if (event.key === "End") choose(shown.length - 1);
    else if (event.key === "Enter" && event.target.tagName !== "BUTTON") open();
    else if (event.key === "/") search.focus();
    else if (event.key === "0") only("");
    else if (event.key >= "1" && event.key <= "5") only(STATUSES[Number(event.key) - 1]);
    else return;
    event.preventDefault();
  });
  list.addEventListener("scroll", draw, { passive: true });
  window.addEventListener("resize", draw);
  large.addEventListener("click", (event) => { if (event.target === large) large.close(); });
  for (const input of [field, order]) input.addEventListener("change", filter);
  search.addEventListener("input", filter);
  filter();
  list.focus();
});
