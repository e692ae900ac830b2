// A report's groups as series, and those as the columns of charts.

import { cost, count, day, hour, milliseconds, money, percent, speed, times, tokens } from "./figures.js";

const SHARES = ["p5", "p25", "p50", "p75", "p95"];

/** A group's name as it is read. */
export const named = (name, by) => name ?? (by === "error" ? "no error" : "without one");

export const MEASURES = {
  runs: { of: (tally) => tally.runs, write: count },
  errors: { of: (tally) => tally.errors, write: count },
  tokens: { of: tokens, write: count },
};

/** The currency of most runs; sums in others are in the table of groups alone. */
function costs({ totals }) {
  const [currency] = Object.entries(totals.cost).sort(([, one], [, other]) => other - one)[0] ?? [];
  return { of: (tally) => tally.cost[currency] ?? 0, write: (value) => (currency && value ? money(value, currency) : String(value)) };
}

const byTime = (group) => new Map((group.over ?? []).map((tally) => [tally.time, tally]));

/** What charts show of a *report* `over` hours or days: all groups, or the one that is *chosen*. */
export class Series {
  constructor(report, over, chosen) {
    Object.assign(this, { report, over });
    this.times = times(report.since, report.until, over);
    this.write = over === "hour" ? hour : day;
    const { groups, totals } = report;
    this.chosen = chosen === undefined ? totals : groups.find(({ name }) => name === chosen) ?? totals;
    this.groups = this.chosen === totals ? groups.filter(({ over: has }) => has) : [this.chosen];
  }

  /** What was counted, each group in its colour; `other` is what has none. */
  bars(measure) {
    const { of, write } = MEASURES[measure] ?? costs(this.report);
    const { groups: all, by, totals } = this.report;
    const series = this.groups.map((group) => ({ name: named(group.name, by), kind: `s${all.indexOf(group)}`, at: byTime(group) }));
    const whole = byTime(this.chosen);
    const rest = this.chosen === totals && all.length > this.groups.length;
    let most = 0;
    const columns = this.times.map((time) => {
      const values = series.map(({ at }) => (at.has(time) ? of(at.get(time)) : 0));
      const sum = whole.has(time) ? of(whole.get(time)) : 0;
      if (rest) values.push(Math.max(0, sum - values.reduce((one, other) => one + other, 0)));
      most = Math.max(most, sum);
      let from = 0;
      const marks = values.map((value, index) => ({ from, to: (from += value), kind: series[index]?.kind ?? "other" }));
      return { name: this.write(time), marks: marks.filter(({ from, to }) => to > from), values: sum ? values.map(write) : undefined };
    });
    const head = [...series.map(({ name }) => name), ...(rest ? ["others"] : [])];
    return { columns, head, write, most, hint: `${write(of(this.chosen))} in all.` };
  }

  /** How *field*, such as `tokens_per_second`, was spread. */
  spread(field) {
    const write = field === "tokens_per_second" ? speed : milliseconds;
    const at = byTime(this.chosen);
    const columns = this.times.map((time) => {
      const found = at.get(time)?.[field];
      if (found?.p50 == null) return { name: this.write(time), marks: [] };
      const marks = [
        { from: found.p5, to: found.p95, kind: "wide" },
        { from: found.p25, to: found.p75, kind: "half" },
        { from: found.p50, to: found.p50, kind: "middle" },
      ];
      return { name: this.write(time), marks, values: SHARES.map((share) => write(found[share])), most: found.p95 };
    });
    const { p50 } = this.chosen[field];
    const hint = p50 == null ? "No run has any." : `Median ${write(p50)}. Half of the runs are in the strong part, 90 of 100 in the faint one.`;
    return { columns, head: SHARES, write, hint, most: Math.max(0, ...columns.map(({ most }) => most ?? 0)) };
  }
}

/** Names and values of the tiles, some with what the value is. */
export function tiles({ runs, errors, input_tokens: input, output_tokens: output, cost: paid, time_to_first_token_ms: first, latency_ms: whole, tokens_per_second: fast }) {
  return [
    ["Runs", count(runs)],
    ["Errors", count(errors), errors > 0 && percent(errors / runs)],
    ["Tokens in", count(input)],
    ["Tokens out", count(output)],
    ["Cost", cost(paid)],
    ["First token", milliseconds(first.p50), first.p50 != null && "median"],
    ["Whole answer", milliseconds(whole.p50), whole.p50 != null && "median"],
    ["Tokens a second", speed(fast.p50), fast.p50 != null && "median"],
  ];
}
