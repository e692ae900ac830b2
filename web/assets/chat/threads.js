// The conversations that the server keeps.

import { get } from "./api.js";
import { newAnswer } from "./answer.js";

/** Add the server's threads that this browser does not know. */
export async function listThreads(chats) {
  const found = await get("api/threads");
  const there = new Set(chats.all.map((chat) => chat.thread));
  for (const { id, title, chain, updated_at } of found?.threads ?? []) {
    if (there.has(id)) continue;
    const fields = { thread: id, title, chain, threads: true, begun: true, remote: true };
    chats.all.push({ id, messages: [], updated: Date.parse(updated_at) || 0, ...fields });
  }
}

/** Fill *chat* with its messages. */
export async function fromThread(chat) {
  const thread = await get(`api/threads/${encodeURIComponent(chat.thread)}`);
  delete chat.remote;
  for (const message of thread?.messages ?? []) addMessage(chat.messages, message);
}

const textOf = (content) =>
  typeof content === "string" ? content : (content ?? []).map((part) => part.text ?? "").join("");

function addMessage(messages, { role, content, tool_calls, tool_call_id }) {
  if (role === "user") return messages.push({ role, text: textOf(content) });
  let answer = messages.at(-1);
  if (answer?.role !== "assistant") messages.push((answer = { ...newAnswer(), status: "ended" }));
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
