// Fields for the variables that a chain takes beside the conversation.

import { h } from "./dom.js";

const KINDS = { string: "text", integer: "number", number: "number", boolean: "checkbox" };

const kindOf = (schema) => KINDS[[schema.type ?? schema.anyOf?.map(({ type }) => type)].flat().find((type) => KINDS[type])];

export class Inputs {
  constructor(box, list) {
    [this.box, this.list, this.fields] = [box, list, []];
  }

  /** Show fields for the properties of *schema*. */
  show(schema) {
    const required = schema?.required ?? [];
    this.fields = Object.entries(schema?.properties ?? {})
      .filter(([, property]) => property.enum || kindOf(property))
      .map(([name, property]) => ({ name, property, element: field(name, property, required.includes(name)) }));
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
    for (const { name, property, element } of this.fields) {
      if (element.type === "checkbox") found[name] = element.checked;
      else if (element.value !== "") found[name] = kindOf(property) === "number" ? Number(element.value) : element.value;
    }
    return Object.keys(found).length ? found : undefined;
  }
}

function field(name, property, required) {
  if (property.enum) {
    return h("select", { name, required }, property.enum.map((value) => h("option", { value }, String(value))));
  }
  const element = h("input", { name, type: kindOf(property), required, step: "any" });
  if (element.type === "checkbox") element.checked = property.default === true;
  else if (property.default != null) element.value = property.default;
  return element;
}
