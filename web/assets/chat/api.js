// Asks the app, with the key that this browser keeps.

import { chat, ChatError } from "../../client.js";
import { settings } from "./storage.js";

export const headers = () => (settings.key ? { "x-functions-key": settings.key } : {});

/** JSON of *path*; `undefined` if the app has no such thing. */
export async function get(path) {
  const response = await fetch(path, { headers: headers() });
  if (response.status === 404 || response.status === 501) return undefined;
  if (!response.ok) throw await refusal(response);
  return response.json();
}

async function refusal(response) {
  const { status } = response;
  const error = (await response.json().catch(() => null))?.error;
  return new ChatError({ code: `http_${status}`, message: `The app answered with status ${status}.`, ...error, status });
}

export async function remove(path) {
  await fetch(path, { method: "DELETE", headers: headers() }).catch(() => {});
}

/** The events of an answer; reads on if the connection is lost. */
export function ask(body, { signal, onOpen }) {
  return chat("api/chat", body, { signal, onOpen, headers: headers(), resume: true });
}

export function follow({ runId, after }, signal) {
  return chat("api/chat", null, { signal, headers: headers(), resume: { runId, after } });
}
