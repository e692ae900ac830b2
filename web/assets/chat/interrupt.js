// What a graph waits for: a decision about calls of tools, one of its options, or an answer in a person's words.

import { h } from "./dom.js";

const BOTH = ["approve", "reject"];

const json = (value) => JSON.stringify(value, null, 2);
const shown = (value) => h("pre", { tabindex: "0" }, json(value));

/** The calls that LangChain's human-in-the-loop middleware asks about; none if a graph asks in its own words. */
function callsOf(value) {
  if (value?.type === "tool_approval") return [{ ...value, allowed: BOTH }];
  const { action_requests: calls, review_configs: configs } = Object(value);
  if (!Array.isArray(calls)) return [];
  return calls.map((call, index) => ({ ...call, allowed: configs?.[index]?.allowed_decisions ?? BOTH }));
}

/** A decision about all *calls*; what one is called with may be edited, if that is allowed. */
class Review {
  constructor(value, calls, open) {
    this.calls = calls;
    this.single = value.type === "tool_approval";
    this.args = calls.map(({ name, args, allowed }) =>
      open && allowed.includes("edit") ? h("textarea", { "aria-label": `Arguments of ${name}`, rows: Math.min(8, json(args).split("\n").length), spellcheck: "false" }, json(args)) : shown(args),
    );
    this.asked = calls.map(({ name, description }, index) => h("div", {}, h("p", {}, description || `Run ${name}?`), this.args[index]));
    const may = (...kinds) => calls.every(({ allowed }) => kinds.some((kind) => allowed.includes(kind)));
    this.choices = [];
    if (may("approve", "edit")) this.choices.push(["Approve", () => this.approved()]);
    if (may("respond")) this.choices.push(["Answer", (message) => message && this.all({ type: "respond", message })]);
    if (may("reject")) this.choices.push(["Reject", (message) => this.all({ type: "reject", ...(message && { message }) })]);
    this.kind = may("reject") ? "reject" : may("respond") ? "respond" : undefined;
    this.label = may("respond") ? "Your answer, or the reason" : "The reason";
  }

  all(decision) {
    return this.decided(this.calls.map(() => decision));
  }

  decided(decisions) {
    return this.single ? decisions[0] : { decisions };
  }

  approved() {
    const decisions = this.calls.map(({ name, args, allowed }, index) => {
      const field = this.args[index];
      if (!field.form) return { type: "approve" };
      try {
        const edited = JSON.parse(field.value);
        field.setCustomValidity(Object(edited) === edited && !Array.isArray(edited) ? "" : "Expected an object of JSON.");
        const same = json(edited) === json(args) && allowed.includes("approve");
        return same ? { type: "approve" } : { type: "edit", edited_action: { name, args: edited } };
      } catch {
        field.setCustomValidity("Expected JSON.");
      }
    });
    return this.args.every((field) => !field.form || field.reportValidity()) ? this.decided(decisions) : undefined;
  }

  /** A text alone never approves. */
  written(message) {
    return message && this.kind ? this.all({ type: this.kind, message }) : undefined;
  }
}

/** What a graph asks in its own words. */
class Question {
  label = "Your answer";

  constructor(value) {
    const { options, ...more } = typeof value === "object" ? { ...value } : {};
    const field = ["question", "message", "prompt"].find((name) => typeof more[name] === "string");
    const text = typeof value === "string" ? value : more[field];
    delete more[field];
    this.asked = text === undefined ? [shown(value)] : [h("p", {}, text), Object.keys(more).length > 0 && shown(more)];
    const named = Array.isArray(options) && options.length ? options.map((each) => [typeof each === "string" ? each : (each?.label ?? json(each)), () => each]) : undefined;
    this.choices = [...(named ?? [["Approve", () => true], ["Reject", () => false]]), ["Answer", (given) => this.written(given)]];
  }

  written(given) {
    return given || undefined;
  }
}

export class Interrupt {
  constructor({ id, value }, answer, reply) {
    const calls = callsOf(value);
    const passed = answer.passed || (answer.decided ?? id) !== id; // Of several, one is decided at a time.
    const over = passed ? "Not answered." : answer.replied && "Answered.";
    const asked = calls.length ? new Review(value, calls, !over) : new Question(value);
    const text = h("input", { type: "text", "aria-label": asked.label, placeholder: `${asked.label}…` });
    const send = (decide) => {
      const decision = decide(text.value.trim());
      if (decision !== undefined && decision !== "") reply(id, decision);
      else if (this.element.checkValidity()) text.focus();
    };
    const buttons = asked.choices.map(([name, decide], index) =>
      h("button", { type: "button", class: !index && "primary", onclick: () => send(decide) }, name),
    );
    const onsubmit = (event) => {
      event.preventDefault();
      send((given) => asked.written(given));
    };
    const state = over ? [h("p", { class: "ending" }, over)] : [text, h("div", { class: "row" }, buttons)];
    this.element = h("form", { class: "question", onsubmit, "aria-label": "The answer waits for you" }, h("h3", {}, passed ? "Waited for you" : "Waiting for you"), asked.asked, state);
  }
}
