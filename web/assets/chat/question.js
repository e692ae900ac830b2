// A question as it was asked, which can be edited.

import { composing, h, iconButton } from "./dom.js";

/** *send(text)* asks the edited question. */
export function questionView(message, send) {
  const change = iconButton("edit", "Edit and ask again", () => edit(element, message, send));
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

function edit(element, message, send) {
  const text = h("textarea", { "aria-label": "Your question", rows: 3, dir: "auto" });
  text.value = message.text;
  const onsubmit = (event) => {
    event.preventDefault();
    if (text.value.trim() || message.files) send(text.value);
    else text.focus();
  };
  const cancel = () => {
    const view = questionView(message, send);
    element.replaceWith(view);
    view.querySelector("button").focus();
  };
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || composing(event)) return;
    event.stopPropagation(); // It stops an answer elsewhere.
    cancel();
  });
  const buttons = h("div", { class: "row" }, h("button", { class: "primary" }, "Ask again"), h("button", { type: "button", onclick: cancel }, "Cancel"));
  element.replaceChildren(h("form", { class: "edit", onsubmit, "aria-label": "Edit" }, text, buttons));
  text.focus();
}
