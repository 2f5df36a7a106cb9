// Fields of which two people say different things.

import { ask, make, number } from "./api.js";

const list = document.getElementById("people-list");
const said = document.getElementById("people-said");

export async function open() {
  const { count, fields } = await ask("disagreements", { after: -1 });
  said.textContent = count
    ? `${number(count)} ${count === 1 ? "field" : "fields"}. Choose what is written, or type it; until then they stay for review.`
    : "None. Where two people verify the same fields (--as NAME), what they say differently is listed here.";
  list.replaceChildren(...fields.map(entry));
  list.querySelector("button")?.focus();
}

function entry(field) {
  const item = make("li");
  const settle = async (text) => {
    try {
      await ask("settle", { field: field.field, text });
      document.dispatchEvent(new Event("answered"));
      await open();
    } catch (error) {
      said.textContent = error.message;
    }
  };
  const words = [...(field.mine === null ? [] : [{ by: "you", text: field.mine }]), ...field.others];
  const buttons = words.map(({ by, text }) => {
    const button = make("button", { type: "button", class: "says" }, make("b", {}, text || "empty"), ` ${by || "unnamed"}`);
    button.addEventListener("click", () => settle(text));
    return button;
  });
  const box = make("input", { type: "text", inputmode: "numeric", size: "12", "aria-label": `what is written in ${field.name}` });
  box.addEventListener("keydown", (event) => { if (event.key === "Enter") settle(box.value); event.stopPropagation(); });
  const name = `${field.name} of ${field.file}, page ${field.page}`;
  item.append(make("img", { src: `picture/${field.field}`, alt: name }), ...buttons,
    make("label", {}, "or ", box), make("span", { class: "where" }, `${name}; read as ${field.text || "empty"}`));
  return item;
}
