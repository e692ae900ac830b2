// Makes an element's children what they should be, and leaves those alone that are so already.

import { CodeBlock } from "./code.js";

const made = new WeakMap();

/** *wanted*: texts, and `{ tag, attributes, children }`, of which it takes the texts. Those that are the same object were not changed. */
export function patch(parent, wanted) {
  const merged = joined(wanted);
  merged.forEach((want, index) => {
    const there = parent.childNodes[index];
    const kept = there && update(there, want);
    if (kept) return;
    const fresh = create(want);
    if (there) there.replaceWith(fresh);
    else parent.append(fresh);
  });
  while (parent.childNodes.length > merged.length) parent.lastChild.remove();
}

/** Texts beside each other are one node. */
function joined(wanted) {
  const result = [];
  for (const want of wanted) {
    if (typeof want === "string" && typeof result.at(-1) === "string") result[result.length - 1] += want;
    else if (want !== "") result.push(want);
  }
  return result;
}

function update(there, want) {
  if (typeof want === "string") {
    if (there.nodeType !== Node.TEXT_NODE) return false;
    // What is added keeps what the reader has selected.
    if (want.startsWith(there.data)) there.appendData(want.slice(there.data.length));
    else there.data = want;
    return true;
  }
  const before = made.get(there);
  if (before === want) return true;
  if (!before || before.tag !== want.tag) return false;
  if (want.tag === "code-block") {
    if (before.attributes.language !== want.attributes.language) return false;
    CodeBlock.of(there).show(want.attributes);
  } else {
    if (JSON.stringify(before.attributes) !== JSON.stringify(want.attributes)) return false;
    patch(there, want.children);
  }
  keep(there, want);
  return true;
}

/** Keep what the next time compares alone: a text is a part of the whole answer so far, and would keep all of it. */
function keep(element, want) {
  want.children = undefined;
  if (want.tag === "code-block") want.attributes = { language: want.attributes.language };
  made.set(element, want);
}

function create(want) {
  if (typeof want === "string") return document.createTextNode(want);
  if (want.tag === "code-block") {
    const block = new CodeBlock(want.attributes);
    keep(block.element, want);
    return block.element;
  }
  const element = document.createElement(want.tag);
  for (const [name, value] of Object.entries(want.attributes)) element.setAttribute(name, value);
  patch(element, want.children);
  keep(element, want);
  return element;
}
