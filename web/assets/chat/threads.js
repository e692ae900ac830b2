// The conversations that the server keeps.

import { get } from "./api.js";
import { newAnswer } from "./answer.js";

const PAGE = 50; // Threads that the server lists at once.

/** The server's threads, the newest first; `more` says whether there may be older ones. */
export class ThreadList {
  constructor(chats) {
    [this.chats, this.more, this.before] = [chats, false, ""];
  }

  /** Add those of the next page that this browser does not know. */
  async load() {
    const found = await get(`api/threads${this.before && `?before=${encodeURIComponent(this.before)}`}`);
    const { all } = this.chats;
    const listed = found?.threads ?? [];
    const there = new Set(all.map((chat) => chat.thread));
    for (const { id, title, chain, updated_at } of listed) {
      if (there.has(id)) continue;
      const fields = { thread: id, title, chain, threads: true, begun: true, remote: true };
      all.push({ id, messages: [], updated: Date.parse(updated_at) || 0, ...fields });
    }
    this.more = listed.length === PAGE;
    this.before = listed.at(-1)?.updated_at ?? "";
  }
}

const loading = new WeakMap();

/** Fill *chat* with its messages; whether the server still has it. Who asks twice waits for the same. */
export function fromThread(chat) {
  if (!loading.has(chat)) loading.set(chat, load(chat).finally(() => loading.delete(chat)));
  return loading.get(chat);
}

async function load(chat) {
  const thread = await get(`api/threads/${encodeURIComponent(chat.thread)}`);
  if (!thread) return false;
  delete chat.remote;
  for (const message of thread.messages) addMessage(chat.messages, message);
  if (thread.pending?.length) answerOf(chat.messages).questions = thread.pending;
  return true;
}

const textOf = (content) =>
  typeof content === "string" ? content : (content ?? []).map((part) => part.text ?? "").join("");

/** The answer that *messages* end with; one is begun if they end with a question. */
function answerOf(messages) {
  if (messages.at(-1)?.role !== "assistant") messages.push({ ...newAnswer(), status: "ended" });
  return messages.at(-1);
}

function addMessage(messages, { role, content, tool_calls, tool_call_id }) {
  if (role === "user") return messages.push({ role, text: textOf(content) });
  const answer = answerOf(messages);
  if (role === "tool") {
    const tool = answer.tools.find((each) => each.id === tool_call_id);
    if (tool) tool.result = textOf(content);
    return undefined;
  }
  answer.text += (answer.text && "\n\n") + textOf(content);
  for (const call of tool_calls ?? []) {
    answer.tools.push({ id: call.id, name: call.function?.name, args: call.function?.arguments });
  }
  return undefined;
}
