// Code with its language, a button that copies it, and colours once it is whole.

import { copy, h, icon } from "./dom.js";

const NAMES = {
  ...{ sh: "bash", shell: "bash", console: "bash", zsh: "bash", py: "python", py3: "python" },
  ...{ js: "javascript", jsx: "javascript", mjs: "javascript", ts: "typescript", tsx: "typescript" },
  ...{ html: "xml", svg: "xml", yml: "yaml", "c++": "cpp", c: "cpp", cs: "csharp", "c#": "csharp" },
  ...{ jsonc: "json", jsonl: "json", rs: "rust", golang: "go", docker: "dockerfile", patch: "diff" },
};
const LANGUAGES = [
  ...["bash", "cpp", "csharp", "css", "diff", "dockerfile", "go", "java", "javascript", "json"],
  ...["python", "rust", "sql", "typescript", "xml", "yaml"],
];
const MOST = 50_000; // Characters; longer code stays plain.

const blocks = new WeakMap();

export class CodeBlock {
  static of = (element) => blocks.get(element);

  constructor(attributes) {
    this.code = h("code");
    const copy = h("button", { type: "button", class: "text", onclick: () => this.copy(copy) }, icon("copy"), "Copy");
    const scrolled = h("pre", { tabindex: "0" }, this.code);
    this.element = h("div", { class: "code" }, h("div", { class: "code-head" }, h("span", {}, attributes.language || "text"), copy), scrolled);
    blocks.set(this.element, this);
    this.show(attributes);
  }

  show({ text, language, closed }) {
    const before = this.code.textContent;
    if (text !== before) {
      const shown = this.code.firstChild;
      if (this.code.childNodes.length === 1 && text.startsWith(before)) shown.appendData(text.slice(before.length));
      else this.code.textContent = text;
      this.coloured = false;
    }
    if (closed && !this.coloured && text.length <= MOST) {
      this.coloured = true;
      colour(this.code, text, language.toLowerCase());
    }
  }

  async copy(button) {
    button.lastChild.data = (await copy(this.code.textContent)) ? "Copied" : "Not copied";
    setTimeout(() => (button.lastChild.data = "Copy"), 1500);
  }
}

async function colour(code, text, given) {
  const language = NAMES[given] ?? given;
  if (!LANGUAGES.includes(language)) return;
  const [{ default: core }, { default: grammar }] = await Promise.all([
    import("../vendor/highlight/core.js"),
    import(`../vendor/highlight/${language}.js`),
  ]);
  if (!core.getLanguage(language)) core.registerLanguage(language, grammar);
  // Its tree, and not the HTML that it would make of it.
  const { root } = core.highlight(text, { language, ignoreIllegals: true })._emitter;
  if (code.textContent === text) code.replaceChildren(...root.children.map(span));
}

function span(part) {
  if (typeof part === "string") return document.createTextNode(part);
  const scope = part.scope?.split(".")[0]; // A part in another language has none.
  return h("span", { class: scope && `t-${scope}` }, part.children.map(span));
}
