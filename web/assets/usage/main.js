// The usage page: asks for the report again and again, and shows what has changed.

import { ChatError } from "../../client.js";
import { get } from "../chat/api.js";
import { h, icon, iconButton } from "../chat/dom.js";
import { askForKey } from "../chat/key.js";
import { showTheme, toggleTheme } from "../chat/storage.js";
import { Chart } from "./chart.js";
import { findRun, showRun, toolsOf } from "./run.js";
import { Series, tiles } from "./series.js";
import { showErrors, showGroups } from "./tables.js";

const $ = (id) => document.getElementById(id);
const EVERY_MS = 5000;
const CHOICES = ["since", "by", "measure"];

const charts = { bars: new Chart($("bars"), "Over time"), first: new Chart($("first"), "Time to first token"), speed: new Chart($("speed"), "Tokens a second") };
let [live, chosen, shown, timer, loading, run] = [true];

const over = () => ($("since").value === "24h" ? "hour" : "day");
const label = () => $("by").selectedOptions[0].textContent;
const say = (text) => ($("status").textContent = text);

/** What is chosen is in the address, so that a link and a reload show the same. */
function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  for (const name of CHOICES) if ([...$(name).options].some(({ value }) => value === given.get(name))) $(name).value = given.get(name);
  const asked = given.get("run") ?? "";
  const loaded = load();
  // The run is below the report, which moves it.
  if (asked && asked !== run) loaded.then(() => openRun(asked));
}

function writeAddress() {
  const given = new URLSearchParams();
  for (const name of CHOICES) if ($(name).selectedIndex) given.set(name, $(name).value);
  if (run) given.set("run", run);
  history.replaceState(null, "", `#${given}`);
}

async function load() {
  clearTimeout(timer);
  const asked = (loading = Symbol("asked"));
  const query = new URLSearchParams({ since: $("since").value, by: $("by").value, over: over() });
  try {
    const report = await get(`api/usage?${query}`);
    if (loading !== asked) return;
    if (!report) throw new ChatError({ code: "http_404", message: "This app has no figures of usage.", status: 404 });
    show(report);
    $("problem").hidden = true;
  } catch (error) {
    if (loading !== asked) return;
    if (error.status === 401 && (await askForKey())) return load();
    complain(error);
    if (error.status === 401) return; // Only a person can change that.
  }
  if (live && !document.hidden) timer = setTimeout(load, EVERY_MS);
}

function complain({ status, message }) {
  const said = {
    401: "This app asks for a key before it shows what runs have used.",
    undefined: `The app cannot be reached. ${live ? "The page asks again every few seconds." : ""}`,
  };
  const text = said[status] ?? `The app has refused: ${message}`;
  const again = h("button", { type: "button", onclick: load }, icon(status === 401 ? "key" : "retry"), status === 401 ? "Give the key" : "Try again");
  if ($("problem").hidden || $("problem").firstChild?.textContent !== text) $("problem").replaceChildren(h("p", {}, text), again);
  $("problem").hidden = false;
}

function show(report) {
  $("updated").textContent = `as of ${new Date(report.until).toLocaleTimeString()}`;
  $("instance").textContent = `${report.instance} docs/usage.md has the query that draws the same over all instances.`;
  $("report").hidden = false;
  const { until, ...rest } = report;
  const now = JSON.stringify([rest, until.slice(0, 13), chosen, $("measure").value]);
  if (now === shown) return;
  shown = now;
  draw(report);
}

function draw(report) {
  const choose = (name) => {
    chosen = chosen === name ? undefined : name;
    draw(report);
  };
  if (!report.groups.some(({ name, over: has }) => has && name === chosen)) chosen = undefined;
  const series = new Series(report, over(), chosen);
  const empty = !report.totals.runs;
  $("empty").hidden = !empty;
  $("drawn").hidden = empty;
  $("totals").replaceChildren(...tiles(series.chosen).map(([name, value, what]) => h("div", {}, h("dt", {}, name), h("dd", {}, value, what && [" ", h("small", {}, what)]))));
  if (!empty) {
    charts.bars.show(series.bars($("measure").value));
    charts.first.show(series.spread("time_to_first_token_ms"));
    charts.speed.show(series.spread("tokens_per_second"));
  }
  $("groups-title").textContent = `By ${label().toLowerCase()}`;
  showGroups($("groups"), report, { label: label(), chosen, choose });
  showErrors($("errors"), report, openRun);
  $("no-errors").hidden = report.errors.length > 0;
  $("errors").parentElement.hidden = !report.errors.length;
}

let following = new AbortController();

async function openRun(id) {
  following.abort();
  const { signal } = (following = new AbortController());
  run = $("run-id").value = id.trim();
  writeAddress();
  tell("Looking for the run …");
  try {
    const record = await findRun(run, tell, signal);
    if (signal.aborted) return;
    if (!record) return tell("This instance has no record of such a run, or it is not yours.");
    showRun($("shown"), record);
    $("run").scrollIntoView();
    $("run").focus({ preventScroll: true });
    say(`The run ended ${record.status}.`);
    const tools = await toolsOf(record, signal);
    if (!signal.aborted && tools.length) showRun($("shown"), record, tools);
  } catch (error) {
    if (signal.aborted) return;
    if (error.status === 401 && (await askForKey())) return openRun(id);
    tell("The run could not be loaded.");
  }
}

function tell(text) {
  $("shown").replaceChildren(h("p", {}, text));
}

function setLive(on) {
  live = on;
  $("live").setAttribute("aria-pressed", String(live));
  if (live) load();
  else clearTimeout(timer);
}

function begin() {
  showTheme();
  $("tools").append(iconButton("theme", "Light or dark", toggleTheme), iconButton("key", "Key", async () => (await askForKey()) && load()));
  for (const name of CHOICES) $(name).addEventListener("change", () => (writeAddress(), load()));
  $("by").addEventListener("change", () => (chosen = undefined));
  $("asked").addEventListener("submit", (event) => event.preventDefault());
  $("live").addEventListener("click", () => setLive(!live));
  $("find").addEventListener("submit", (event) => {
    event.preventDefault();
    openRun($("run-id").value);
  });
  addEventListener("hashchange", readAddress);
  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : live && load()));
  readAddress();
}

begin();
