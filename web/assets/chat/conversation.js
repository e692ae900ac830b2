// One conversation: asks, and keeps what comes while it comes.

import { ChatError } from "../../client.js";
import { ask, follow, remove } from "./api.js";
import { add, newAnswer } from "./answer.js";
import { newId, settings } from "./storage.js";

const SAVE_MS = 400;
const TITLE_CHARACTERS = 80;
const MOST_MESSAGES = 200; // Of one request; the server takes 256.
const MOST_FILE_BYTES = 3_600_000; // Of one request, which has 4 MiB at most.

export class Conversation {
  /** *on* has `save`, `change(answer)`, called at most once a frame, and `key`, which asks for one. */
  constructor(chat, on) {
    [this.chat, this.on] = [chat, on];
  }

  get last() {
    return this.chat.messages.at(-1);
  }

  get running() {
    return this.stopper !== undefined;
  }

  stop() {
    this.stopper?.abort();
  }

  /** Leave the page: the run goes on, and is read on from what is kept. */
  ask(text, files, { chain, inputs, threads }) {
    const { chat } = this;
    // A thread stays with its chain, so another chain begins one with the same messages.
    if (chat.chain !== chain) this.leaveThread();
    this.pass();
    Object.assign(chat, { chain, inputs, threads: chat.threads ?? (threads || settings.threaded.includes(chain)) });
    chat.title ||= titleOf(text) || files[0]?.name || "";
    chat.messages.push({ role: "user", text, ...(files.length && { files }) });
    return this.answer();
  }

  /** What nobody has decided is asked no longer: a question drops what the thread waits for. */
  pass() {
    for (const each of this.chat.messages) if (each.questions?.length && !each.replied) each.passed = true;
  }

  /** Give the answer at *index* again: to the question before it, or to the decision if it failed after one. */
  again(index) {
    const { messages } = this.chat;
    const { error, resume } = messages[index];
    if (error && resume !== undefined) {
      messages.length = index;
      return this.answer({ resume });
    }
    while (messages[index - 1]?.role === "assistant") index--;
    this.cut(index);
    return this.answer();
  }

  /** Begin another thread. The old one would be another conversation, with what has been replaced here. */
  leaveThread() {
    const { chat } = this;
    if (chat.thread && chat.begun) remove(`api/threads/${encodeURIComponent(chat.thread)}`);
    [chat.thread, chat.begun] = [undefined, false];
  }

  /** Keep the messages before *index*; the server's thread has more, so another one begins. */
  cut(index) {
    const { chat } = this;
    const answered = chat.messages.slice(index).some((each) => each.role === "assistant" && isKept(each));
    chat.messages.length = index;
    if (answered) this.leaveThread();
  }

  reply(answer, id, value) {
    [answer.replied, answer.decided] = [true, id];
    const resume = answer.questions.length > 1 ? { [id]: value } : value;
    return this.answer({ resume });
  }

  body(more) {
    const { chat } = this;
    const body = { chain: chat.chain, ...(chat.inputs && { inputs: chat.inputs }) };
    if (chat.threads) body.thread_id = chat.thread ??= newId();
    if (more) return { ...body, ...more };
    const asked = chat.messages.filter((each) => each.role === "user" || each.text);
    const sent = chat.threads && chat.begun ? asked.slice(-1) : newest(asked);
    return { ...body, messages: toMessages(sent) };
  }

  async answer(more) {
    const answer = { ...newAnswer(), ...more };
    const body = this.body(more);
    this.chat.messages.push(answer);
    await this.read(answer, (signal) => ask(body, { signal, onOpen: ({ runId }) => this.opened(answer, runId) }));
    if (answer.error?.code === "thread_required" && !this.chat.threads) {
      this.chat.threads = true; // A graph that asks a person has to remember where it was.
      const { threaded } = settings;
      if (!threaded.includes(this.chat.chain)) settings.threaded = [...threaded, this.chat.chain];
      this.chat.messages.pop();
      this.on.replaced(answer);
      await this.answer(more);
    }
  }

  opened(answer, runId) {
    answer.runId = runId;
    this.chat.updated = Date.now(); // Other tabs can follow it from now on.
    this.on.save();
  }

  /** Read on what was being answered as the page was left. */
  async resume() {
    const answer = this.last;
    if (answer?.status !== "running") return;
    if (answer.runId) await this.read(answer, (signal) => follow(answer, signal));
    else this.end(answer, new ChatError({ code: "connection_lost", message: "The page was left before the answer began.", retryable: true }));
  }

  async read(answer, start) {
    this.stopper = new AbortController();
    const { signal } = this.stopper;
    this.chat.updated = Date.now();
    this.on.begin(answer);
    let failed;
    let saved = Date.now();
    try {
      for await (const event of start(signal)) {
        add(answer, event);
        this.on.change(answer);
        if (Date.now() - saved > SAVE_MS) {
          saved = Date.now();
          this.on.save();
        }
      }
    } catch (error) {
      failed = signal.aborted ? undefined : error;
      if (signal.aborted) answer.status = "stopped";
    }
    // A page that is left sees its requests end, and is gone before this is over: the answer has not failed.
    if (failed?.code === "unreachable") await new Promise((resolve) => setTimeout(resolve, 200));
    this.stopper = undefined;
    if (failed?.status === 401 && (await this.on.key())) {
      if (answer.runId) return this.read(answer, (signal) => follow(answer, signal));
      return this.read(Object.assign(answer, newAnswer()), start);
    }
    if (failed?.status === 401) Object.assign(failed, { message: "This app asks for a key.", retryable: true });
    this.end(answer, failed);
  }

  end(answer, failed) {
    if (failed) {
      answer.status = "failed";
      const { code, message, requestId, retryable, retryAfterMs } = failed;
      const known = failed instanceof ChatError;
      answer.error = known
        ? { code, message, requestId, retryable, retryAt: retryAfterMs && Date.now() + retryAfterMs }
        : { code: "page", message: "This page has failed. Reload it, and tell its makers.", retryable: true };
      if (!known) console.error(failed);
    } else if (answer.status === "running") answer.status = "ended";
    if (isKept(answer)) this.chat.begun = true;
    this.chat.updated = Date.now();
    this.on.end(answer);
    this.on.save();
  }
}

/** Whether the server's thread has *answer*. */
const isKept = ({ status, done }) => status === "stopped" || (status === "ended" && done?.finish_reason !== "error");

/** The beginning of *text*, in a line. */
const titleOf = (text) => [...text.trim().replace(/\s+/g, " ")].slice(0, TITLE_CHARACTERS).join("");

/** The newest of *messages*, from a question on. */
function newest(messages) {
  const last = messages.slice(-MOST_MESSAGES);
  return last.slice(last.findIndex(({ role }) => role === "user"));
}

/** As the server takes them: the files of earlier questions are left out if they are too many. */
function toMessages(messages) {
  let room = MOST_FILE_BYTES;
  const made = messages.toReversed().map(({ role, text, files }) => {
    const parts = (files ?? []).map(({ part }) => part).filter(Boolean);
    room -= parts.length && new Blob([JSON.stringify(parts)]).size;
    if (!parts.length || room < 0) return { role, content: text || (files ?? []).map(({ name }) => name).join(", ") };
    return { role, content: [...(text ? [{ type: "text", text }] : []), ...parts] };
  });
  return made.reverse();
}
