// One run: its record as a timeline, and the tools that its events name.

import { events } from "../../client.js";
import { get, headers } from "../chat/api.js";
import { h } from "../chat/dom.js";
import { cost, count, milliseconds, NONE } from "./figures.js";

const RECORD_MS = [0, 100, 400, 1500]; // Whoever follows a run may see its end before its record is on disk.
const REPLAY_MS = 1000; // A run is shown again in this time, to see when its tools were called.
const SVG = "http://www.w3.org/2000/svg";

/** The record of the run *id*; that of a run that goes on comes with its end, and *say* gets a line until then. */
export async function findRun(id, say, signal) {
  const path = `api/usage?run=${encodeURIComponent(id)}`;
  const found = await get(path);
  if (found) return found.run;
  let followed = false;
  for await (const line of follow(id, undefined, signal)) {
    followed = true;
    say(line);
  }
  for (const pause of followed ? RECORD_MS : [0]) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    const recorded = await get(path);
    if (recorded) return recorded.run;
  }
}

/** A line for each event of a run that goes on. */
async function* follow(id, speed, signal) {
  let number = 0;
  for await (const { type } of eventsOf(id, speed, signal)) yield `Goes on: event ${++number}, ${type === "message" ? "text" : type}.`;
}

async function* eventsOf(id, speed, signal) {
  const query = speed ? `?speed=${speed}` : "";
  const response = await fetch(`api/runs/${encodeURIComponent(id)}/stream${query}`, { headers: headers(), signal });
  if (response.ok && response.status === 200) yield* events(response.body);
}

/** The tools of a run that is over, each with when it began and ended, as long as its events are kept. */
export async function toolsOf({ id, latency_ms: latency }, signal) {
  const speed = Math.min(1000, Math.max(1, latency / REPLAY_MS)).toFixed(2);
  const tools = new Map();
  let began;
  for await (const { type, data } of eventsOf(id, speed, signal)) {
    began ??= performance.now();
    const now = Math.min(latency, (performance.now() - began) * speed);
    if (type !== "tool_call" && type !== "tool_result") continue;
    const { id: call, name } = JSON.parse(data);
    if (type === "tool_call") tools.set(call, { name, from: now });
    else if (tools.has(call)) tools.get(call).to = now;
  }
  return [...tools.values()];
}

/** Rows of a timeline: `{ what, detail, from, to, at, kind }` in milliseconds. */
export function rowsOf(record, tools = []) {
  const { latency_ms: latency, time_to_first_chunk_ms: first, attempts = [], calls = [] } = record;
  const ending = record.error ? record.error.code : (record.finish_reason ?? record.status);
  const rows = [{ what: "Run", detail: ending, from: 0, to: latency, at: first, kind: record.error ? "bad" : "run" }];
  const left = [...attempts];
  for (const call of calls) {
    rows.push({
      what: call.model ?? call.deployment ?? "Model",
      detail: [call.finish_reason ?? call.error, `${count(call.usage.prompt_tokens)} in, ${count(call.usage.completion_tokens)} out`].filter(Boolean).join(" · "),
      ...{ from: call.started_ms, to: call.ended_ms ?? latency, at: call.first_chunk_ms, kind: call.error ? "bad" : "call" },
    });
    rows.push(...attemptsOf(left, call.started_ms));
  }
  rows.push(...attemptsOf(left, 0, true));
  rows.push(...tools.map(({ name, from, to = latency }) => ({ what: name, detail: "tool", from, to, kind: "tool" })));
  return rows.sort((one, other) => one.from - other.from);
}

/** Take the attempts of one call, up to the one that has answered; they come one after the other. */
function attemptsOf(left, from, all = false) {
  const rows = [];
  while (left.length) {
    const { backend, deployment, outcome, status, duration_ms: took } = left.shift();
    const said = outcome === "answered" ? outcome : [outcome, status].filter(Boolean).join(" ");
    rows.push({ what: backend, detail: ["attempt", deployment, said].filter(Boolean).join(" · "), from, to: (from += took), kind: outcome === "answered" ? "attempt" : "bad" });
    if (outcome === "answered" && !all) break;
  }
  return rows;
}

function bar({ from, to, at, kind }, whole) {
  const part = (value) => (Math.min(value, whole) / (whole || 1)) * 1000 || 0; // A record of another version may lack it.
  const svg = document.createElementNS(SVG, "svg");
  for (const [name, value] of [["class", "bar"], ["viewBox", "0 0 1000 10"], ["preserveAspectRatio", "none"], ["aria-hidden", "true"]]) svg.setAttribute(name, value);
  const rect = (x, width, given) => {
    const element = document.createElementNS(SVG, "rect");
    for (const [name, value] of Object.entries({ x, width, y: 0, height: 10, class: given })) element.setAttribute(name, value);
    svg.append(element);
  };
  rect(part(from), Math.max(3, part(to) - part(from)), kind);
  if (at != null) rect(part(at), 4, "first-token");
  return svg;
}

/** Show *record* in *parent*. */
export function showRun(parent, record, tools) {
  const whole = record.latency_ms;
  const rows = rowsOf(record, tools).map((row) =>
    h(
      "li",
      {},
      h("span", { class: "what" }, h("b", {}, row.what), " ", h("span", {}, row.detail ?? "")),
      bar(row, whole),
      h("span", { class: "when" }, `${milliseconds(row.from)} to ${milliseconds(row.to)}${row.at == null ? "" : `, first token at ${milliseconds(row.at)}`}`),
    ),
  );
  parent.replaceChildren(facts(record), h("ol", { class: "timeline" }, rows));
}

function facts({ id, status, timestamp, chain, dialect, deployment, backend, principal, usage, cost: paid, thread_id: thread }) {
  const about = usage?.estimated ? "about " : "";
  const found = [
    ["Run", id],
    ["Status", status],
    ["Began", new Date(timestamp).toLocaleString()],
    ["Chain", chain],
    ["Dialect", dialect],
    ["Deployment", deployment],
    ["Backend", backend],
    ["Key or user", principal],
    ["Thread", thread],
    ["Tokens", usage && `${about}${count(usage.prompt_tokens)} in, ${count(usage.completion_tokens)} out`],
    ["Cost", paid && cost({ [paid.currency]: paid.amount })],
  ];
  return h("dl", { class: "facts" }, found.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value || NONE))));
}
