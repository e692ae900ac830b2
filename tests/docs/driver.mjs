// Runs the reader of docs/browser.md in Node or a browser and tells what it did, as JSON.
//
// The server sends the next piece only when it is told that the last one was read, so
// that each piece is a read of its own whatever TCP makes of it.

const decode = TextDecoder.prototype.decode;
let read = () => {};
TextDecoder.prototype.decode = function (...args) {
  read();
  return decode.apply(this, args);
};

export async function follow(chat, base, path) {
  const events = [];
  read = () => void fetch(`${base}/next${path}`, { method: "POST" });
  const on = {
    message: (data) => events.push(["message", data]),
    citation: (data) => events.push(["citation", data]),
    error: (data) => events.push(["error", data]),
  };
  try {
    return { events, done: await chat(`${base}${path}`, { user: "Hi" }, on) };
  } catch ({ name, code, message, retry_after_ms }) {
    return { events, thrown: { name, code, message, retry_after_ms } };
  } finally {
    read = () => {};
  }
}

export async function followEach(chat, base, paths) {
  const outcomes = new Map();
  for (const path of paths) {
    const outcome = JSON.stringify(await follow(chat, base, path));
    outcomes.set(outcome, [...(outcomes.get(outcome) ?? []), path]);
  }
  return [...outcomes].map(([outcome, at]) => [JSON.parse(outcome), at.length, at[0]]);
}

export async function leave(chat, base, how) {
  const stop = new AbortController();
  const onMessage = () => {
    if (how === "throw") throw new Error("a bug in the page");
    stop.abort();
  };
  try {
    await chat(`${base}/open`, {}, { message: onMessage }, { signal: stop.signal });
  } catch ({ name, message }) {
    // Asked from here, while this page or process still holds its connections.
    const { status } = await fetch(`${base}/left`, { method: "POST" });
    return { name, message, left: status === 204 };
  }
}

export async function sent(chat, base) {
  const headers = { "x-functions-key": "KEY" };
  return chat(`${base}/echo`, { user: "Grüße" }, {}, { headers });
}
