// Formulas stay as the model wrote them: to Markdown, their backslashes and stars would be its own.

const LONGEST = 4000; // Characters; nothing is looked for behind them, again and again.
const CLOSING = { "$$": "$$", "\\[": "\\]" };
const OPENING = /^ {0,3}(\$\$|\\\[)/;
const START = /\n {0,3}(?=\$\$|\\\[)/;
const EMPTY_LINE = /\n[ \t]*\n/; // As in TeX, a formula has none.
const INLINE = /^(?:\\\((.{1,500}?)\\\)|\$\$([^$\n]{1,500})\$\$)/s;
const DOLLARS = /^\$(?![\s\d])(?=[^$\n]*[\\^_{])[^$\n]{0,500}[^$\s\\]\$(?!\w)/; // May be money, or variables.

function block(source) {
  const [opening, mark] = OPENING.exec(source) ?? [];
  if (!opening) return undefined;
  const near = source.slice(0, opening.length + LONGEST + 2);
  const end = near.indexOf(CLOSING[mark], opening.length);
  const inside = near.slice(opening.length, end < 0 ? undefined : end);
  if (inside.length > LONGEST || EMPTY_LINE.test(inside)) return undefined;
  const token = { type: "code", lang: "latex", text: inside.trim() };
  if (end < 0) return /^[ \t]*\n/.test(inside) ? { ...token, raw: source } : undefined; // Its end is still to come.
  const after = /^[ \t]*(?:\n+|$)/.exec(source.slice(end + 2));
  return after ? { ...token, raw: source.slice(0, end + 2) + after[0] } : undefined;
}

/** Where a formula ends the paragraph that *source* begins with. */
function start(source) {
  const index = source.search(START);
  return index >= 0 && block(source.slice(index + 1)) ? index : undefined;
}

function inline(source) {
  const found = INLINE.exec(source);
  if (found) return { type: "codespan", raw: found[0], text: (found[1] ?? found[2]).trim() };
  const [raw] = DOLLARS.exec(source) ?? [];
  return raw ? { type: "codespan", raw, text: raw } : undefined;
}

/** Where a formula may begin within a line: at this place, if not sooner, the text is looked at again. */
function startInline(source) {
  const index = source.slice(0, LONGEST).search(/\\\(|\$/);
  return index >= 0 ? index : source.length > LONGEST ? LONGEST : undefined;
}

/** For the parser of Markdown. */
export const math = {
  block: [block],
  inline: [inline],
  startBlock: [start],
  startInline: [startInline],
  childTokens: {},
  renderers: {},
};
