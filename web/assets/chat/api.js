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

const PATIENCE = 5; // Times; the server takes some seconds at most to stop a run that has not begun to answer.

/** The events of an answer; reads on if the connection is lost, and waits for a run on the thread that is being stopped. */
export async function* ask(body, { signal, onOpen }) {
  for (let tries = 0; ; tries++) {
    try {
      return yield* chat("api/chat", body, { signal, onOpen, headers: headers(), resume: true });
    } catch (error) {
      if (error.code !== "thread_busy" || tries === PATIENCE) throw error;
      await pause(250 * 2 ** tries, signal);
    }
  }
}

const pause = (ms, signal) =>
  new Promise((resolve, reject) => {
    setTimeout(resolve, ms);
    signal.addEventListener("abort", () => reject(signal.reason));
  });

export function follow({ runId, after }, signal) {
  return chat("api/chat", null, { signal, headers: headers(), resume: { runId, after } });
}
