// A question of a graph that waits for a person: approve, reject, or write an answer.

import { h } from "./dom.js";

/** What LangChain's human-in-the-loop middleware takes as an answer, or the answer itself. */
function decided(value, approved, text) {
  const asked = value?.action_requests;
  if (!Array.isArray(asked)) return text || approved;
  const decision = approved ? { type: "approve" } : { type: "reject", ...(text && { message: text }) };
  return { decisions: asked.map(() => decision) };
}

export class Interrupt {
  constructor({ id, value }, answer, reply) {
    const text = h("input", { type: "text", "aria-label": "Your answer", placeholder: "Or write an answer…" });
    const send = (approved) => reply(id, decided(value, approved, text.value.trim()));
    const asked = Array.isArray(value?.action_requests)
      ? value.action_requests.map(({ name, args, description }) =>
          h("div", {}, h("p", {}, description || `Run ${name}?`), h("pre", { tabindex: "0" }, JSON.stringify(args, null, 2))),
        )
      : [typeof value === "string" ? h("p", {}, value) : h("pre", { tabindex: "0" }, JSON.stringify(value, null, 2))];
    const buttons = [
      h("button", { type: "submit", class: "primary" }, "Approve"),
      h("button", { type: "button", onclick: () => send(false) }, "Reject"),
    ];
    const onsubmit = (event) => {
      event.preventDefault();
      send(true);
    };
    const state = answer.replied ? [h("p", { class: "ending" }, "Answered.")] : [text, h("div", { class: "row" }, buttons)];
    this.element = h("form", { class: "question", onsubmit, "aria-label": "The answer waits for you" }, h("h3", {}, "Waiting for you"), asked, state);
  }
}
