// The chains that there are: a list to choose from, and the fields of the chosen one.

import { get } from "./api.js";
import { h } from "./dom.js";
import { Inputs } from "./inputs.js";
import { askForKey } from "./key.js";
import { settings } from "./storage.js";

const $ = (id) => document.getElementById(id);

export class ChainPicker {
  constructor() {
    this.list = $("chain");
    this.inputs = new Inputs($("inputs"), $("fields"));
    this.known = { chains: [], default: "", threads: false };
    this.list.addEventListener("change", () => {
      settings.chain = this.list.value;
      this.choose(this.list.value);
    });
  }

  /** What a request says of the chain. */
  get chosen() {
    return { chain: this.list.value || undefined, inputs: this.inputs.values(), threads: this.known.threads };
  }

  has(name) {
    return this.known.chains.some((each) => each.name === name);
  }

  /** Choose *name*, and fill its fields with what was *given* before. */
  async choose(name, given) {
    if (!this.has(name)) return;
    this.list.value = name;
    const shown = JSON.stringify([name, given]);
    if (shown === this.shown) return; // What has been typed stays.
    this.shown = shown;
    this.inputs.show(); // Those of another chain are not for this one.
    const { description } = this.known.chains.find((each) => each.name === name);
    $("description").textContent = $("welcome-text").textContent = description ?? "";
    try {
      const details = await get(`api/chains/${encodeURIComponent(name)}`);
      if (this.shown === shown) this.inputs.show(details?.input_schema, given);
    } catch {
      if (this.shown === shown) this.shown = undefined;
    }
  }

  /** Load the list, and choose *wanted*, the one of the last time or the default. */
  async load(wanted, given) {
    try {
      this.known = (await get("api/chains")) ?? this.known;
    } catch (error) {
      if (error.status === 401 && (await askForKey())) return this.load(wanted, given);
      throw error;
    }
    this.list.replaceChildren(...this.known.chains.map(({ name }) => h("option", { value: name }, name)));
    const found = [wanted, settings.chain, this.known.default].find((name) => this.has(name));
    return found && this.choose(found, found === wanted ? given : undefined);
  }
}
