// Reads the stream of `POST /api/chat`: `for await (const event of chat(url, body))`.

const RECONNECTS = 6;

/** What went wrong; `code` is the server's, or `unreachable`, `connection_lost` or `unreadable`. */
export class ChatError extends Error {
  name = "ChatError";
  constructor({ code, message, status, retryable, retry_after_ms, request_id }) {
    super(message ?? code);
    this.code = code;
    this.status = status;
    this.retryable = !!retryable;
    this.retryAfterMs = retry_after_ms;
    this.requestId = request_id;
  }
}

const lost = () =>
  new ChatError({ code: "connection_lost", message: "The connection was lost.", retryable: true });

/** The events of a body. See: https://html.spec.whatwg.org/multipage/server-sent-events.html */
export async function* events(body) {
  const reader = body.getReader();
  // Node takes a second mark for another first one if a read ends between them.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let [line, data, type, id, afterReturn, begun] = ["", "", "", "", false, false];
  try {
    for (let read; !(read = await reader.read()).done; ) {
      let text = decoder.decode(read.value, { stream: true });
      if (!text) continue;
      if (!begun && text[0] === "\ufeff") text = text.slice(1);
      begun = true;
      // The second half of a line end that two reads have split.
      if (afterReturn && text[0] === "\n") text = text.slice(1);
      let start = 0;
      for (const end of text.matchAll(/\r\n?|\n/g)) {
        line += text.slice(start, end.index);
        start = end.index + end[0].length;
        if (line) {
          const [, name, value] = /^([^:]*):? ?([^]*)/.exec(line);
          if (name === "data") data += value + "\n";
          if (name === "event") type = value;
          if (name === "id" && !value.includes("\0")) id = value;
        } else {
          if (data) yield { type: type || "message", data: data.slice(0, -1), id };
          data = type = "";
        }
        line = "";
      }
      line += text.slice(start);
      afterReturn = text ? text.endsWith("\r") : false;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

async function refusal(response) {
  const { status, headers } = response;
  const error = (await response.json().catch(() => null))?.error;
  const seconds = parseFloat(headers.get("retry-after"));
  return new ChatError({
    retryable: [408, 429, 502, 503, 504].includes(status),
    retry_after_ms: seconds >= 0 ? seconds * 1000 : undefined,
    request_id: headers.get("x-request-id") ?? undefined,
    ...error,
    // A gateway on the way may have an error of its own, or none.
    code: error?.code ?? `http_${status}`,
    message: error?.message ?? `The server answered with status ${status}.`,
    status,
  });
}

/** Rejects as soon as *signal* aborts, whatever becomes of *promise*. */
function unlessAborted(promise, signal) {
  if (!signal) return promise;
  let abort;
  const aborted = new Promise((_, reject) => {
    abort = () => reject(signal.reason);
    signal.aborted ? abort() : signal.addEventListener("abort", abort);
  });
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener("abort", abort));
}

/** Ask, and yield each event; ends after `done`, or throws. `client.d.ts` says what the options are. */
export async function* chat(url, body, { signal, headers, resume, retries = 0, onOpen } = {}) {
  // The query may have a key, and a gateway's own path an `api` too.
  const [, root, query] = /^([^?#]*\/|)api\/[^?#]*([^#]*)/.exec(url) ?? [, "", ""];
  const ofRun = (id, what) => `${root}api/runs/${id}/${what}${query}`;
  const connection = new AbortController();
  let { runId, after = 0 } = resume ?? {};
  let [over, left, failed, begun, tries] = [false, true, undefined, false, 0];
  let own; // What the caller's own function has thrown.

  // By their names in lower case: a header that is there twice is sent twice.
  const given = Object.fromEntries(new Headers(headers));
  const sent = JSON.stringify(resume ? { on_disconnect: "continue", ...body } : body);
  const request = (path, init) =>
    fetch(path, { ...init, signal: connection.signal, headers: { ...given, ...init.headers } });
  const ask = () =>
    request(url, { method: "POST", body: sent, headers: { "content-type": "application/json" } });
  const follow = () => request(ofRun(runId, "stream"), { headers: { "last-event-id": `${after}` } });
  const cancel = (id, tries = 0) =>
    fetch(ofRun(id, "cancel"), { method: "POST", headers: given, keepalive: true }).catch(
      // The connection may be back in a moment; until then the model writes for nobody.
      () => tries < RECONNECTS && setTimeout(cancel, 250 * 2 ** tries, id, tries + 1),
    );

  /** Nobody reads on. A run that would go on without its reader is stopped by its id. */
  const leave = async (asked) => {
    const id = resume && (runId ?? (await asked?.catch(() => {}))?.headers.get("x-run-id"));
    if (id) cancel(id);
    connection.abort();
  };

  let asked;
  try {
    for (;;) {
      try {
        signal?.throwIfAborted();
        const following = resume && runId;
        asked = following ? follow() : ask();
        const response = await unlessAborted(asked, signal);
        if (!response.ok) throw await refusal(response);
        if (response.status === 204) return void (over = true);
        if (!/^text\/event-stream/i.test(response.headers.get("content-type"))) {
          const message = "The server answered with something that is no stream.";
          throw new ChatError({ code: "unreadable", message, status: response.status });
        }
        if (!following) runId = response.headers.get("x-run-id") ?? undefined;
        try {
          onOpen?.({ runId, requestId: response.headers.get("x-request-id") ?? undefined });
        } catch (error) {
          throw (own = error);
        }
        const reading = events(response.body);
        try {
          for (let read; !(read = await unlessAborted(reading.next(), signal)).done; ) {
            const { type, data, id } = read.value;
            if (id && +id <= after) continue;
            after = +id || after;
            const event = { type, id: +id || undefined, data: JSON.parse(data) };
            [begun, tries] = [true, 0];
            if (type === "error") failed = new ChatError(event.data.error);
            over = type === "done";
            yield event;
            if (over && failed) throw failed;
            if (over) return;
          }
        } finally {
          reading.return().catch(() => {});
        }
        throw lost();
      } catch (error) {
        if (over || error === own) throw error;
        signal?.throwIfAborted();
        const known =
          error instanceof ChatError
            ? error
            : error instanceof SyntaxError
              ? new ChatError({ code: "unreadable", message: "The stream cannot be read." })
              : runId || begun
                ? lost()
                : new ChatError({ code: "unreachable", message: "The server cannot be reached.", retryable: true });
        known.cause ??= error;
        const again = runId && resume ? tries < RECONNECTS : !begun && tries < retries;
        if (!known.retryable || !again) {
          left = false;
          // What a run has become cannot be known if it is gone.
          throw failed ?? (runId && known.status === 404 ? lost() : known);
        }
        const wait = known.retryAfterMs ?? Math.min(250 * 2 ** tries, 8000) * (0.5 + Math.random() / 2);
        tries++;
        let timer;
        const waited = new Promise((resolve) => (timer = setTimeout(resolve, wait)));
        await unlessAborted(waited, signal).finally(() => clearTimeout(timer));
      }
    }
  } finally {
    if (over || !left) connection.abort();
    else leave(asked);
  }
}
