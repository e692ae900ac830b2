// An answer: what its events make of it, as data that can be kept, and how that is shown.

import { copy, h, icon, iconButton, iconLink, outside, safeUrl } from "./dom.js";
import { Interrupt } from "./interrupt.js";
import { Markdown } from "./markdown.js";

const ENDINGS = {
  length: "The answer was cut at the length limit.",
  content_filter: "The provider's content filter stopped this answer.",
  tool_calls: "The model waits for a tool that this page cannot run.",
  cancelled: "Stopped.",
  budget: "Your budget is used up, so the answer ends here.",
  deadline: "The answer took too long and was cut.",
};

export const newAnswer = () => ({
  ...{ role: "assistant", text: "", reasoning: "", tools: [], sources: [], questions: [] },
  ...{ status: "running", asked: Date.now(), after: 0 },
});

/** Add *event* to *answer*. */
export function add(answer, { type, data, id }) {
  if (id) answer.after = id;
  const now = Date.now();
  if (data.deployment) answer.deployment = data.deployment;
  switch (type) {
    case "message":
      if (data.delta_content) {
        answer.thought ??= answer.reasoning && now - answer.thinking;
        answer.text += data.delta_content;
      }
      break;
    case "reasoning":
      answer.thinking ??= now;
      answer.reasoning += data.delta_reasoning;
      break;
    case "tool_call":
      answer.tools.push({ id: data.id, name: data.name, args: data.args, begun: now });
      break;
    case "tool_result": {
      const tool = answer.tools.find((each) => each.id === data.id && !("result" in each));
      if (tool) Object.assign(tool, { result: data.content, took: now - tool.begun });
      else answer.tools.push({ id: data.id, name: data.name, result: data.content }); // An earlier answer has the call.
      break;
    }
    case "citation":
      answer.sources.push(data);
      break;
    case "interrupt":
      answer.questions.push(data);
      break;
    case "redact": {
      const characters = [...answer.text]; // Offsets count characters, and not halves of them.
      const length = Math.max(0, data.end_offset - data.start_offset);
      characters.splice(data.start_offset, length, ..."▒".repeat(length));
      answer.text = characters.join("");
      break;
    }
    case "done":
      answer.done = data;
      answer.thought ??= answer.reasoning && now - answer.thinking;
      break;
  }
}

const seconds = (ms) => (ms < 950 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 9950 ? 1 : 0)} s`);
const json = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 2));

/** What the answer has used, in a line. */
export function facts({ done, deployment }) {
  if (!done) return [];
  const { usage, cost, time_to_first_chunk_ms: first, streaming_duration_ms: streamed } = done;
  const found = [deployment];
  if (usage?.total_tokens) {
    const about = usage.estimated ? "about " : "";
    found.push(`${about}${usage.input_tokens} tokens in, ${usage.output_tokens} out`);
  }
  if (first != null) found.push(`first token after ${seconds(first)}`);
  if (usage?.output_tokens > 1 && streamed > 50) found.push(`${((usage.output_tokens * 1000) / streamed).toFixed(0)} tokens/s`);
  if (cost) found.push(`${Number(cost.amount.toPrecision(3))} ${cost.currency}`);
  return found.filter(Boolean);
}

/** How an answer has ended, as a screen reader says it. */
export function ending({ error, status, questions }) {
  if (error) return "The answer has failed.";
  if (status === "stopped") return "Stopped.";
  return questions.length ? "The answer waits for you." : "The answer is there.";
}

let numbers = 0;
const AT_ONCE = 6; // Sources that are shown before all are asked for.

export class AnswerView {
  /** *on* has what its buttons do: `retry`, `branch`, `reply`. */
  constructor(answer, on) {
    [this.answer, this.on] = [answer, on];
    this.prefix = `answer-${numbers++}`;
    this.reasoning = h("pre", { class: "thoughts", dir: "auto" });
    this.thoughts = h("details", { class: "fold", hidden: true }, (this.thoughtSummary = h("summary")), this.reasoning);
    this.steps = h("div", { class: "steps" });
    this.text = h("div", { class: "text", onclick: (event) => this.showCited(event) });
    this.questions = h("div");
    this.sources = h("ol", { class: "sources", "aria-label": "Sources" });
    this.more = h("button", { type: "button", class: "more", onclick: () => this.showAllSources() });
    this.notice = h("div", { class: "notice" });
    this.footer = h("footer");
    this.element = h(
      "article",
      { class: "answer", "aria-label": "Answer" },
      h("h2", { class: "hidden" }, "Answer"),
      ...[this.thoughts, this.steps, this.text, this.questions, this.sources, this.more, this.notice, this.footer],
    );
    this.markdown = new Markdown(this.text, { cite: (id) => this.cite(id) });
    this.tools = [];
    this.update();
  }

  cite(id) {
    const source = this.answer.sources.find((each) => each.id === id);
    const label = source && `Source ${id}: ${source.title ?? ""}`;
    return source && { href: `#${this.prefix}-source-${id}`, class: "cite", title: label, "aria-label": label };
  }

  /** Show what has been added since the last time. */
  update() {
    const { answer } = this;
    const running = answer.status === "running";
    const unfinished = answer.replied ? "" : answer.questions.length && !answer.passed ? "waits for you" : "no result";
    this.element.setAttribute("aria-busy", String(running));
    this.element.classList.toggle("waiting", running && !answer.text);
    this.showThoughts(running);
    answer.tools.forEach((tool, index) => (this.tools[index] ??= new ToolView(tool, this.steps)).update(running ? "running…" : unfinished));
    this.showSources(); // Before the text, which refers to them.
    this.markdown.show(answer.text, !running);
    if (!running && !this.ended) this.end();
  }

  showThoughts(running) {
    const { reasoning, thought } = this.answer;
    if (!reasoning) return;
    this.thoughts.hidden = false;
    if (this.reasoning.textContent.length !== reasoning.length) this.reasoning.textContent = reasoning;
    const said = thought ? `Thought for ${seconds(thought)}` : running ? "Thinking…" : "Thoughts";
    if (this.thoughtSummary.textContent !== said) this.thoughtSummary.textContent = said;
  }

  showSources() {
    const shown = this.sources.childElementCount;
    for (const { id, title, url, snippet } of this.answer.sources.slice(shown)) {
      const href = safeUrl(url);
      const name = title || url || id;
      const card = h(
        "details",
        {},
        h("summary", {}, h("span", { class: "number" }, id), h("span", { class: "source-title" }, name)),
        snippet && h("blockquote", { dir: "auto" }, snippet),
        href ? h("a", outside(href), url) : url && h("small", {}, url),
      );
      this.sources.append(h("li", { id: `${this.prefix}-source-${id}` }, card));
    }
    const count = this.sources.childElementCount;
    if (count === shown || count <= AT_ONCE) return;
    this.sources.classList.add("many");
    this.more.textContent = `All ${count} sources`;
  }

  /** Unfold the source that a click on *event*'s target asks for. */
  showCited(event) {
    const cited = event.target.closest("a.cite");
    if (!cited) return;
    event.preventDefault();
    const card = document.getElementById(cited.getAttribute("href").slice(1));
    this.sources.classList.remove("many");
    card.querySelector("details").open = true;
    card.querySelector("summary").focus();
  }

  showAllSources() {
    this.sources.classList.remove("many");
    this.sources.children[AT_ONCE].querySelector("summary").focus();
  }

  end() {
    const { answer } = this;
    this.ended = true;
    this.questions.replaceChildren(...answer.questions.map((each) => new Interrupt(each, answer, this.on.reply).element));
    this.showNotice();
    const copied = iconButton("copy", "Copy answer", async () => {
      copied.title = (await copy(answer.text)) ? "Copied" : "Not copied";
      copied.setAttribute("aria-label", copied.title);
    });
    this.footer.replaceChildren(
      h("span", { class: "facts" }, facts(answer).join(" · ")),
      h(
        "span",
        { class: "actions" },
        answer.text && copied,
        !answer.error && iconButton("retry", "Answer again", () => this.on.retry()),
        answer.runId && iconLink("chart", "What this run has used", `usage#run=${encodeURIComponent(answer.runId)}`),
        answer.text && iconButton("branch", "Branch from here", () => this.on.branch()),
      ),
    );
  }

  showNotice() {
    const { error, status, done } = this.answer;
    if (error) this.notice.replaceChildren(failure(error, this.on.retry));
    else {
      const said = status === "stopped" ? "Stopped." : ENDINGS[done?.finish_reason];
      this.notice.replaceChildren(...(said ? [h("p", { class: "ending" }, said)] : []));
      if (!said && !this.answer.text && !this.answer.questions.length) this.notice.append(h("p", { class: "ending" }, "The answer is empty."));
    }
  }

  remove() {
    this.element.remove();
  }
}

/** What went wrong, and a button to ask again, once that may help. */
function failure({ message, code, requestId, retryable, retryAt }, retry) {
  const label = document.createTextNode("Try again");
  const button = h("button", { type: "button", "aria-live": "off", onclick: () => retry() }, icon("retry"), label);
  const count = () => {
    const left = Math.ceil(((retryAt ?? 0) - Date.now()) / 1000);
    button.disabled = left > 0;
    label.data = left > 0 ? `Try again in ${left} s` : "Try again";
    if (left > 0 && (button.isConnected || !counted)) setTimeout(count, 250);
    counted = true;
  };
  let counted = false;
  count();
  const told = [code, requestId].filter(Boolean).join(" · ");
  const hint = retryable ? null : " Trying the same again will probably not help.";
  return h("div", { class: "failure", role: "alert" }, h("p", {}, message, hint), h("small", {}, told), button);
}

class ToolView {
  constructor(tool, parent) {
    this.tool = tool;
    this.state = h("span", { class: "tool-state" });
    this.body = h("div");
    if ("args" in tool) this.body.append(h("p", { class: "label" }, "Input"), h("pre", { tabindex: "0" }, json(tool.args ?? "")));
    parent.append(h("details", { class: "fold tool" }, h("summary", {}, h("code", {}, tool.name), this.state), this.body));
  }

  update(unfinished) {
    const { tool } = this;
    const has = "result" in tool;
    const said = !has ? unfinished : tool.took === undefined ? "done" : `done in ${seconds(tool.took)}`;
    if (this.state.textContent !== said) this.state.textContent = said;
    if (has && !this.shown) {
      this.shown = true;
      this.body.append(h("p", { class: "label" }, "Result"), h("pre", { tabindex: "0" }, json(tool.result)));
    }
  }
}
