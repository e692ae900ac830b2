// The tables of groups and of errors, made anew if what is in them has changed.

import { h } from "../chat/dom.js";
import { cost, count, milliseconds, moment, NONE, speed } from "./figures.js";
import { named } from "./series.js";

const HEAD = ["Runs", "Errors", "Tokens in", "Tokens out", "Cost", "First token", "95 of 100", "Tokens/s"];

const heads = (names) => h("thead", {}, h("tr", {}, names.map((name) => h("th", { scope: "col" }, name))));

/** Put *rows* into *table*; whoever stands on a button of it stays there. */
function fill(table, head, rows) {
  const focused = table.contains(document.activeElement) && document.activeElement.dataset.key;
  table.replaceChildren(heads(head), h("tbody", {}, rows));
  if (focused) table.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

export function showGroups(table, { groups, by }, { label, chosen, choose }) {
  const rows = groups.map((group, index) => {
    const text = named(group.name, by);
    const shown = h("span", { title: text }, text);
    const pressed = String(chosen === group.name);
    const name = group.over
      ? h("button", { type: "button", class: "group", "data-key": text, "aria-pressed": pressed, onclick: () => choose(group.name) }, swatch(`s${index}`), shown)
      : h("span", { class: "group" }, swatch("other"), shown);
    const { time_to_first_token_ms: first, tokens_per_second: fast } = group;
    const values = [count(group.runs), count(group.errors), count(group.input_tokens), count(group.output_tokens), cost(group.cost), milliseconds(first.p50), milliseconds(first.p95), speed(fast.p50)];
    return h("tr", {}, h("th", { scope: "row" }, name), values.map((value) => h("td", {}, value)));
  });
  fill(table, [label, ...HEAD], rows);
}

const swatch = (kind) => h("span", { class: `swatch ${kind}`, "aria-hidden": "true" });

export function showErrors(table, { errors }, open) {
  const rows = errors.map(({ run_id: run, timestamp, code, chain }) =>
    h(
      "tr",
      {},
      h("td", {}, h("time", { datetime: timestamp, title: timestamp }, moment(timestamp))),
      h("td", {}, h("code", {}, code)),
      h("td", {}, chain ?? NONE),
      h("td", {}, h("button", { type: "button", class: "id", "data-key": run, onclick: () => open(run) }, run)),
    ),
  );
  fill(table, ["When", "Code", "Chain", "Run"], rows);
}
