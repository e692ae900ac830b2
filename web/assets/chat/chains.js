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

  async choose(name) {
    if (!this.has(name)) return;
    this.list.value = name;
    const { description } = this.known.chains.find((each) => each.name === name);
    $("description").textContent = $("welcome-text").textContent = description ?? "";
    const details = await get(`api/chains/${encodeURIComponent(name)}`).catch(() => undefined);
    if (this.list.value === name) this.inputs.show(details?.input_schema);
  }

  /** Load the list, and choose *wanted*, the one of the last time or the default. */
  async load(wanted) {
    try {
      this.known = (await get("api/chains")) ?? this.known;
    } catch (error) {
      if (error.status === 401 && (await askForKey())) return this.load(wanted);
      throw error;
    }
    this.list.replaceChildren(...this.known.chains.map(({ name }) => h("option", { value: name }, name)));
    const found = [wanted, settings.chain, this.known.default].find((name) => this.has(name));
    return found && this.choose(found);
  }
}
