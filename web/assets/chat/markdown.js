// Markdown as nodes, made anew as it grows. There is no HTML: what the model writes stays text.

import { lexer } from "../vendor/marked.js";
import { safeUrl, outside } from "./dom.js";
import { math } from "./math.js";
import { patch } from "./patch.js";

const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };
const DEEPEST = 40; // Levels of nesting; what is deeper stays as it was written.
const TOO_DEEP = /^[ \t]*(?:> ?|[-*+] ){60}/m; // For the parser.
const WRAPPED = 70; // Characters; a longer line was wrapped by an editor, and ends nothing.
const UNSETTLED = 4; // Blocks at the end, or items of a list, that what follows may still change.
const DEFINES = /^[^\n[]{0,20}\[[^\]\n]+\]:\s*\S/m; // An address for links, maybe for those of settled blocks.
const LONG_LIST = 50; // Items; those of a longer list are settled while it grows.

function unescape(text) {
  return text.replace(/&(?:#(\d{1,6})|#x([0-9a-f]{1,5})|(amp|lt|gt|quot|apos|nbsp));/gi, (all, decimal, hex, name) => {
    if (name) return ENTITIES[name.toLowerCase()];
    const code = decimal ? +decimal : parseInt(hex, 16);
    return code && code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
}

const node = (tag, children, attributes = {}) => ({ tag, children, attributes });

/** The text of *tokens* alone, such as an image's. */
const plain = (token) => unescape(token.text ?? token.raw ?? "");

export class Markdown {
  /** Shows Markdown in *parent*; *cite* gives the attributes of a reference such as `[1]`, if it is one. */
  constructor(parent, { cite = () => undefined } = {}) {
    this.parent = parent;
    this.cite = cite;
    this.clear();
  }

  clear() {
    [this.shown, this.settled, this.offset, this.settledLevel, this.list] = ["", [], 0, 2, undefined];
    this.uneven = false; // Whether a list has room between some of its items alone, which a whole one has between all.
  }

  /** Show *text*; once it is *whole*, nothing of it will change. */
  show(given, whole = false) {
    const text = given.replace(/\r\n?/g, "\n");
    if (!text.startsWith(this.shown) || (whole && (this.uneven || DEFINES.test(text)))) this.clear();
    this.shown = text;
    const tokens = this.lex(text.slice(this.offset));
    const last = tokens.length - 1;
    this.level = this.settledLevel;
    const levels = [];
    const blocks = tokens.map((token, index) => {
      const block = this.top(token, whole || index < last);
      levels.push(this.level);
      return block;
    });
    if (this.list) this.joinList(tokens, blocks);
    const grows = last >= 0 && tokens[last].type === "list" && tokens[last].items.length > LONG_LIST;
    const shown = grows && { ...blocks[last][0] };
    patch(this.parent, [...this.settled, ...blocks.flat()]);
    for (let index = 0; index < (grows ? last : last - UNSETTLED + 1); index++) {
      this.offset += tokens[index].raw.length;
      this.settled.push(...blocks[index]);
      this.settledLevel = levels[index];
      this.list &&= { ...this.list, open: false };
    }
    if (grows) this.splitList(tokens[last], shown);
  }

  /** Settle the items of a list but for the last ones; what comes then is lexed as a list of its own. */
  splitList({ items, raw, ordered, loose }, shown) {
    const settled = items.slice(0, -UNSETTLED).map((item) => item.raw).join("");
    if (!raw.startsWith(settled)) return;
    this.offset += settled.length;
    this.list = { ordered, loose, open: true, shown: { ...shown, children: shown.children.slice(0, -UNSETTLED) } };
  }

  /** Put what was settled of a list before the rest of it. */
  joinList(tokens, blocks) {
    const { ordered, loose, open, shown } = this.list;
    if (!open) return;
    if (tokens[0]?.type === "list" && tokens[0].ordered === ordered) {
      this.uneven ||= tokens[0].loose !== loose;
      const { tag, attributes, children } = shown;
      blocks[0] = [node(tag, [...children, ...blocks[0][0].children], attributes)];
    } else {
      this.settled.push(shown);
      this.list.open = false;
    }
  }

  top(token, closed) {
    let blocks = [this.block(token, closed)].flat();
    if (blocks.some((block) => typeof block === "string")) blocks = [node("p", blocks)];
    // Its first letter says whether a block is read from the left or from the right; code is, from the left.
    for (const { tag, attributes } of blocks) if (tag !== "code-block") attributes.dir = "auto";
    return blocks;
  }

  lex(text) {
    if (TOO_DEEP.test(text)) return [{ type: "text", raw: text, text }];
    try {
      return lexer(text, { gfm: true, breaks: true, extensions: math });
    } catch {
      return [{ type: "text", raw: text, text }]; // Nested deeper than the parser goes.
    }
  }

  block(token, closed, depth = 0) {
    if (depth > DEEPEST) return node("p", [token.raw]);
    const inside = () => this.inline(token.tokens ?? [{ type: "text", text: token.text, raw: token.raw }]);
    const nested = (tokens) => tokens.flatMap((each, index) => this.block(each, closed || index < tokens.length - 1, depth + 1));
    switch (token.type) {
      case "space":
      case "def":
        return [];
      case "heading":
        // No level is left out, which a screen reader would take for a part that is missing.
        this.level = Math.min(token.depth + 2, this.level + 1, 6);
        return node(`h${this.level}`, inside());
      case "paragraph":
        return node("p", inside());
      case "text":
        return token.tokens ? this.inline(token.tokens) : [unescape(token.text)];
      case "blockquote":
        return node("blockquote", nested(token.tokens));
      case "hr":
        return node("hr", []);
      case "code":
        return node("code-block", [], { language: (token.lang ?? "").split(/\s/)[0], text: token.text, closed });
      case "list": {
        const items = token.items.map((item) => node("li", this.item(item, nested), item.task ? { class: "task" } : {}));
        return node(token.ordered ? "ol" : "ul", items, token.ordered && token.start !== 1 ? { start: token.start } : {});
      }
      case "table":
        return this.table(token);
      default:
        return node("p", [token.raw]);
    }
  }

  item(item, nested) {
    const tokens = item.tokens.filter((token) => token.type !== "checkbox");
    const children = nested(tokens);
    return item.task ? [item.checked ? "☑ " : "☐ ", ...children] : children;
  }

  table(token) {
    const row = (cells, tag) =>
      node("tr", cells.map((cell) => node(tag, this.inline(cell.tokens), cell.align ? { class: cell.align } : {})));
    const head = node("thead", [row(token.header, "th")]);
    const body = node("tbody", token.rows.map((cells) => row(cells, "td")));
    const attributes = { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table" };
    return node("div", [node("table", [head, body])], attributes);
  }

  inline(tokens, depth = 0) {
    if (depth > DEEPEST) return tokens.map((token) => token.raw);
    let length = 0;
    return tokens.flatMap((token, index) => {
      length = token.type === "br" ? length : length + token.raw.length;
      switch (token.type) {
        case "text":
          return token.tokens ? this.inline(token.tokens, depth + 1) : this.text(token.text);
        case "escape":
          return [token.text];
        case "strong":
        case "em":
        case "del":
          return node(token.type, this.inline(token.tokens, depth + 1));
        case "codespan":
          return node("code", [token.text]);
        case "br": {
          const row = tokens[index + 1]?.raw.startsWith("|"); // Of a table without its head, such as a passage's.
          const wrapped = token.raw === "\n" && length > WRAPPED && !row;
          length = 0;
          return wrapped ? [" "] : node("br", []);
        }
        case "link": {
          const url = safeUrl(token.href);
          const children = this.inline(token.tokens, depth + 1);
          return url ? node("a", children, outside(url)) : children;
        }
        case "image": {
          // Loading it would tell its server that the answer is read.
          const url = safeUrl(token.href);
          const said = [`[image: ${plain(token)}]`];
          return url ? node("a", said, outside(url)) : said;
        }
        case "html":
          return /^<br\s*\/?>$/i.test(token.raw) ? node("br", []) : [token.raw];
        default:
          return [token.raw];
      }
    });
  }

  /** Text, in which `[1]` leads to the source of this id. */
  text(text) {
    return unescape(text)
      .split(/(\[[\w.:-]{1,40}\])/)
      .filter((part) => part)
      .map((part) => {
        const attributes = /^\[.*\]$/.test(part) && this.cite(part.slice(1, -1));
        return attributes ? node("sup", [node("a", [part.slice(1, -1)], attributes)]) : part;
      });
  }
}
