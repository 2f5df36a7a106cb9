// What the page asks of its server. An answer counts when the server says that it is kept.

const window_id = crypto.randomUUID();
const trouble = document.getElementById("trouble");

export function tell(message) {
  trouble.textContent = message;
  trouble.hidden = !message;
}

export async function ask(name, what = {}) {
  let reply;
  try {
    reply = await fetch(`api/${name}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...what, window: window_id }),
    });
  } catch {
    const message = "Not saved: the review has ended. Start `digitbatch review` again and open the "
      + "address that it prints; all that was saved is there.";
    tell(message);
    throw new Error(message);
  }
  const content = reply.headers.get("content-type")?.startsWith("application/json")
    ? await reply.json() : { error: await reply.text() };
  if (!reply.ok) {
    if (reply.status !== 400) tell(content.error);
    throw new Error(content.error);
  }
  tell("");
  return content;
}

// Pictures that come soon are asked for before they are seen.
const ahead = new Map();
export function fetch_ahead(addresses) {
  for (const address of addresses) {
    if (ahead.has(address)) continue;
    const image = new Image();
    image.src = address;
    ahead.set(address, image);
    if (ahead.size > 40) ahead.delete(ahead.keys().next().value);
  }
}

export async function why_missing(address) {
  try {
    const reply = await fetch(address);
    return reply.ok ? "" : (await reply.json()).error;
  } catch {
    return "the picture cannot be shown";
  }
}

export function make(tag, about = {}, ...parts) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(about)) {
    if (name === "class") element.className = value;
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...parts);
  return element;
}

export const number = (value) => value.toLocaleString("en");
