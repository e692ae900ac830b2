// A question as it was asked, which can be edited.

import { h, iconButton } from "./dom.js";

/** *on* has `send(text)`, which asks the edited question, and `cancel`. */
export function questionView(message, on) {
  const change = iconButton("edit", "Edit and ask again", () => edit(element, message, on));
  const names = (message.files ?? []).map(({ name, part }) => h("li", {}, part ? name : `${name} (no longer kept)`));
  const element = h(
    "article",
    { class: "question-asked", "aria-label": "You" },
    h("h2", { class: "hidden" }, "You"),
    h("div", { class: "bubble", dir: "auto" }, message.text),
    names.length > 0 && h("ul", { class: "files" }, names),
    h("footer", {}, h("span", { class: "actions" }, change)),
  );
  return element;
}

function edit(element, message, { send, cancel }) {
  const text = h("textarea", { "aria-label": "Your question", rows: 3, dir: "auto" });
  text.value = message.text;
  const onsubmit = (event) => {
    event.preventDefault();
    send(text.value);
  };
  const buttons = h("div", { class: "row" }, h("button", { class: "primary" }, "Ask again"), h("button", { type: "button", onclick: () => cancel() }, "Cancel"));
  element.replaceChildren(h("form", { class: "edit", onsubmit, "aria-label": "Edit" }, text, buttons));
  text.focus();
}
