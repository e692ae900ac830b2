// Charts of columns over time: what was counted, stacked, and how times were spread.

import { h } from "../chat/dom.js";

const [HEIGHT, TOP, BOTTOM, RIGHT] = [180, 8, 22, 24];
const [LEAST_LEFT, CHARACTER] = [52, 7]; // Pixels: the room for the numbers of the axis, and the width of a digit.
const TICK_WIDTH = 68; // Pixels that the name of a time takes at most.

function svg(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** The least round number that is no less than *value*. */
export function nice(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 3, 4, 6, 8, 10].map((each) => each * power).find((each) => each >= value * 0.999);
}

/** A chart in *parent* with a table of the same values, drawn as wide as there is room. */
export class Chart {
  constructor(parent, name) {
    this.name = name;
    this.said = h("p", { class: "said" });
    this.place = h("div", { class: "chart" });
    this.table = h("table");
    const scroll = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `${name}: values` }, this.table);
    parent.append(this.place, this.said, h("details", {}, h("summary", {}, "Values as a table"), scroll));
    new ResizeObserver(() => this.draw()).observe(this.place);
    this.place.addEventListener("pointermove", (event) => this.point(event));
    this.place.addEventListener("pointerleave", () => this.say());
  }

  /**
   * *columns* are `{ name, marks, values }`, `marks` being `{ from, to, kind }` in units of the values. `head` names the
   * values, `write` writes a number of the axis, `hint` stands below as long as nothing is pointed at.
   */
  show({ columns, head, write, hint, most }) {
    Object.assign(this, { columns, head, write, hint, most: nice(most) });
    this.draw();
    this.say();
    const rows = columns.filter(({ values }) => values).map(({ name, values }) => h("tr", {}, h("th", { scope: "row" }, name), values.map((value) => h("td", {}, value))));
    this.table.replaceChildren(h("thead", {}, h("tr", {}, ["Time", ...head].map((each) => h("th", { scope: "col" }, each)))), h("tbody", {}, rows));
  }

  draw() {
    const width = this.place.clientWidth;
    if (!this.columns || !width) return;
    const scale = [0, 0.5, 1].map((share) => [this.most * share, this.write(this.most * share)]);
    const left = Math.max(LEAST_LEFT, ...scale.map(([, name]) => 12 + name.length * CHARACTER));
    const [inner, high] = [width - left - RIGHT, HEIGHT - TOP - BOTTOM];
    const step = inner / this.columns.length;
    const y = (value) => TOP + high - (Math.min(value, this.most) / this.most) * high;
    const label = `${this.name}. ${this.hint ?? ""}`;
    const drawn = svg("svg", { class: "chart", width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": label });
    for (const [value, name] of scale) {
      const at = Math.round(y(value)) + 0.5;
      drawn.append(svg("line", { x1: left, x2: width - RIGHT, y1: at, y2: at, class: "grid" }));
      drawn.append(svg("text", { x: left - 8, y: at + 4, "text-anchor": "end" }, name));
    }
    const every = Math.max(1, Math.ceil(TICK_WIDTH / step));
    const gap = Math.min(3, step * 0.2);
    this.columns.forEach(({ name, marks }, index) => {
      const x = left + index * step;
      for (const { from, to, kind } of marks) {
        const [top, least] = [y(to), kind === "middle" ? 2 : 1];
        const height = Math.max(least, y(from) - top);
        drawn.append(svg("rect", { x: x + gap / 2, width: Math.max(1, step - gap), y: top, height, class: `mark ${kind}` }));
      }
      if ((this.columns.length - 1 - index) % every) return;
      drawn.append(svg("text", { x: x + step / 2, y: HEIGHT - 6, "text-anchor": "middle" }, name));
    });
    [this.step, this.left] = [step, left];
    this.place.replaceChildren(drawn);
  }

  point({ clientX }) {
    const index = Math.floor((clientX - this.place.getBoundingClientRect().left - this.left) / this.step);
    this.say(this.columns?.[index]);
  }

  say(column) {
    const values = column?.values?.map((value, index) => `${this.head[index]} ${value}`).join(" · ");
    this.said.textContent = column ? `${column.name}: ${values ?? "nothing"}` : (this.hint ?? "");
  }
}
