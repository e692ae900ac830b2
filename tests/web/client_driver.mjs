// What client.js makes of streams and servers, as JSON.

import { createServer } from "node:http";
import { once } from "node:events";

import { ChatError, chat, events } from "../../web/client.js";

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const bytes = (text) => new TextEncoder().encode(text);

function stream(pieces) {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
}

async function read(pieces) {
  const found = [];
  for await (const { type, data, id } of events(stream(pieces))) found.push([type, data, id ?? ""]);
  return found;
}

/** Each vector whole, byte by byte, and split in two at every byte: what differs from the first. */
async function vectors(given) {
  const results = [];
  for (const [name, text, expected] of given) {
    const all = bytes(text);
    const ways = [[all], [...all].map((byte) => Uint8Array.of(byte))];
    for (let at = 1; at < all.length; at++) ways.push([all.slice(0, at), all.slice(at)]);
    for (const way of ways) {
      const found = await read(way);
      if (JSON.stringify(found) !== JSON.stringify(expected)) {
        results.push([name, way.length, found, expected]);
        break;
      }
    }
  }
  return results;
}

const thrown = ({ name, code, status, message, retryable, retryAfterMs }) => ({
  ...{ name, code, status, message, retryable, retryAfterMs },
});

async function follow(url, body, options, until = () => false) {
  const found = [];
  try {
    for await (const event of chat(url, body, options)) {
      found.push([event.type, event.data, event.id]);
      if (until(event)) break;
    }
    return { found };
  } catch (error) {
    return { found, thrown: error instanceof ChatError ? thrown(error) : { name: error.name } };
  }
}

/** A server whose requests are answered by *script*, one after the other; `asked` is what came. */
async function against(script, options = {}, { abortAt, leaveAt, body = { user: "Hi" }, path = "/api/chat", ...more } = {}) {
  let { lostCancels = 0 } = more;
  const asked = [];
  let gone = 0;
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const piece of request) text += piece;
    const { method, url, headers } = request;
    asked.push([method, url, headers["last-event-id"] ?? null, text && JSON.parse(text)]);
    const cancels = /\/cancel(\?|$)/.test(url);
    if (cancels && lostCancels-- > 0) return request.socket.destroy();
    if (cancels) return response.writeHead(202).end("{}");
    const { status = 200, headers: more, pieces = [], end = "end" } = script.shift();
    if (end === "silent") return;
    if (end === "refuse") return request.socket.destroy();
    response.on("close", () => gone++);
    response.writeHead(status, { "content-type": "text/event-stream", "x-run-id": "RUN", ...more });
    response.flushHeaders();
    for (const piece of pieces) response.write(piece);
    if (end === "end") response.end();
    if (end === "cut") setTimeout(() => request.socket.destroy(), 20);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${server.address().port}${path}`;
  const stop = new AbortController();
  if (abortAt === "now") setTimeout(() => stop.abort(), 50);
  const onOpen = () => {
    if (more.openAndThrow) throw new RangeError();
  };
  const result = await follow(url, body, { onOpen, ...options, signal: stop.signal }, (event) => {
    if (event.id === abortAt) stop.abort();
    return event.id === leaveAt;
  });
  const settled = () => gone && lostCancels < 1 && (asked.length > 1 || !options.resume);
  for (let tries = 0; (abortAt || leaveAt || more.openAndThrow) && !settled() && tries < 250; tries++) await pause(20);
  server.closeAllConnections();
  server.close();
  return { ...result, asked, gone };
}

async function stopped(url, question) {
  const stop = new AbortController();
  return follow(url, { user: question }, { signal: stop.signal }, (event) => {
    if (event.data.delta_content) stop.abort();
  });
}

const functions = { vectors, against, follow, stopped };
let text = "";
for await (const piece of process.stdin) text += piece;
const [name, ...given] = JSON.parse(text);
console.log(JSON.stringify(await functions[name](...given)));
process.exit();
