// Numbers, times and names as they are read.

const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const dated = new Intl.DateTimeFormat(undefined, { weekday: "short", hour: "2-digit", minute: "2-digit" });
const dayOnly = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", timeZone: "UTC" });

export const NONE = "–";

export const count = (value) => (value < 10000 ? String(+value.toFixed(value < 10 ? 1 : 0)) : compact.format(value));

export const milliseconds = (value) => {
  if (value == null) return NONE;
  if (value < 1) return `${+value.toFixed(1)}\u00a0ms`;
  if (value < 995) return `${Math.round(value)}\u00a0ms`;
  return value < 99500 ? `${(value / 1000).toFixed(value < 9950 ? 1 : 0)}\u00a0s` : `${Math.round(value / 60000)}\u00a0min`;
};

export const speed = (value) => (value == null ? NONE : count(value));

const small = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });
const large = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });

/** Hundredths of large amounts, and three digits of small ones, which are seldom worth one. */
export const money = (amount, currency) => `${(amount < 1 ? small : large).format(amount)}\u00a0${currency}`;

/** A share as per cent; some are never none. */
export const percent = (share) => (share < 0.001 ? "under\u00a00.1\u00a0%" : `${(share * 100).toFixed(share < 0.1 ? 1 : 0)}\u00a0%`);

/** `{USD: 1.5}` as text. */
export const cost = (sums) => Object.entries(sums).map(([currency, amount]) => money(amount, currency)).join(", ") || NONE;

export const tokens = ({ input_tokens, output_tokens }) => input_tokens + output_tokens;

/** An hour or a day as axes name it. */
export const hour = (time) => clock.format(new Date(time));
export const day = (time) => dayOnly.format(new Date(time));

export const moment = (time) => dated.format(new Date(time));

/** All hours or days from *since* to *until*, as a report names them. */
export function times(since, until, over) {
  const step = over === "hour" ? 3600e3 : 86400e3;
  const found = [];
  for (let at = Math.floor(Date.parse(since) / step) * step; at <= Date.parse(until); at += step) {
    const iso = new Date(at).toISOString();
    found.push(over === "hour" ? `${iso.slice(0, 13)}:00:00Z` : iso.slice(0, 10));
  }
  return found;
}
