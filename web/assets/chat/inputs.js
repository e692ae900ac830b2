// Fields for the variables that a chain takes beside the conversation.

import { h } from "./dom.js";

const KINDS = { string: "text", integer: "number", number: "number", boolean: "checkbox" };

const typeOf = ({ type, anyOf = [] }) => [type ?? anyOf.map((each) => each.type)].flat().find((each) => KINDS[each]);

/** The values that *property* may have, if they are few; of an optional one with an unknown default, also none. */
function choicesOf(property, required) {
  const { enum: values, const: only } = [property, ...(property.anyOf ?? [])].find((each) => each.enum || "const" in each) ?? {};
  const unknown = !required && property.default == null;
  return values ?? (only !== undefined ? [only] : typeOf(property) === "boolean" && unknown ? [true, false] : undefined);
}

export class Inputs {
  constructor(box, list) {
    [this.box, this.list, this.fields] = [box, list, []];
    // The browser points at no field that is folded.
    box.addEventListener("invalid", () => (box.open = true), { capture: true });
  }

  /** Show fields for the properties of *schema*, filled with what was *given* before. */
  show(schema, given = {}) {
    const required = schema?.required ?? [];
    this.fields = Object.entries(schema?.properties ?? {})
      .map(([name, property]) => field(name, property, required.includes(name)))
      .filter((each) => each);
    for (const { name, fill } of this.fields) if (name in given) fill(given[name]);
    this.list.replaceChildren(
      ...this.fields.map(({ name, property, element }) =>
        h("label", {}, property.title ?? name, element, property.description && h("small", {}, property.description)),
      ),
    );
    this.box.hidden = !this.fields.length;
    this.box.open = required.length > 0;
  }

  /** What is filled in, as `inputs` of a request. */
  values() {
    const found = {};
    for (const { name, read } of this.fields) {
      const value = read();
      if (value !== undefined) found[name] = value;
    }
    return Object.keys(found).length ? found : undefined;
  }
}

/** The field of a *property*, what fills it, and what reads it; a list or an object has one only if it is required. */
function field(name, property, required) {
  const [type, choices] = [typeOf(property), choicesOf(property, required)];
  const made = choices ? chosen(name, choices, required) : type === "boolean" ? ticked(name) : type || required ? written(name, type, required) : undefined;
  if (made && property.default != null) made.fill(property.default);
  return made && { name, property, ...made };
}

function chosen(name, choices, required) {
  const words = { true: "yes", false: "no" };
  const options = choices.map((value) => h("option", { value: JSON.stringify(value) }, words[value] ?? String(value)));
  const element = h("select", { name, required }, h("option", { value: "" }, "–"), options);
  const fill = (value) => (element.value = JSON.stringify(value));
  return { element, fill, read: () => (element.value ? JSON.parse(element.value) : undefined) };
}

function ticked(name) {
  const element = h("input", { name, type: "checkbox" });
  return { element, fill: (value) => (element.checked = value === true), read: () => element.checked };
}

function written(name, type, required) {
  const element = h("input", { name, type: KINDS[type] ?? "text", required, step: type === "integer" ? 1 : "any", placeholder: !type && "JSON" });
  const parse = () => (type === "string" ? element.value : type ? Number(element.value) : JSON.parse(element.value));
  const check = () => {
    try {
      element.setCustomValidity("");
      parse();
    } catch {
      element.setCustomValidity("Expected JSON.");
    }
  };
  element.addEventListener("input", check);
  const fill = (value) => (element.value = type ? value : JSON.stringify(value));
  return { element, fill, read: () => (element.value === "" ? undefined : parse()) };
}
