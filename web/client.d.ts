/** What the model has used; `estimated` if the provider never sent its count. */
export interface Usage {
  input_tokens: number;
  output_tokens: number;
  total_tokens: number;
  cached_tokens: number;
  reasoning_tokens: number;
  estimated?: boolean;
}

export type FinishReason =
  | "stop"
  | "length"
  | "content_filter"
  | "tool_calls"
  | "interrupt"
  | "cancelled"
  | "budget"
  | "deadline"
  | "error";

export interface Done {
  deployment: string;
  finish_reason: FinishReason;
  run_id: string;
  usage: Usage;
  cost?: { amount: number; currency: string };
  latency_ms: number;
  time_to_first_chunk_ms: number | null;
  streaming_duration_ms: number;
}

interface EventData {
  message: { deployment: string; delta_content: string };
  reasoning: { deployment: string; delta_reasoning: string };
  tool_call: { deployment: string; id: string; name: string; args: unknown };
  tool_result: { deployment: string; id: string; name: string; content: unknown };
  citation: { id: string; title: string; url: string; snippet: string };
  redact: { deployment: string; start_offset: number; end_offset: number };
  custom: { name: string; data: unknown };
  interrupt: { id: string; value: unknown };
  error: { deployment: string; error: { code: string; message?: string; retryable?: boolean } };
  done: Done;
}

/** An event of the stream, such as `{ type: "message", data: { delta_content: "Hel" } }`; `id` is its number in the run. */
export type ChatEvent = {
  [Type in keyof EventData]: { type: Type; data: EventData[Type]; id?: number };
}[keyof EventData];

export interface ChatOptions {
  /** Stops the answer: the loop throws the signal's reason, and the run is stopped. */
  signal?: AbortSignal;
  /** Such as `{ "x-functions-key": "KEY" }`. */
  headers?: HeadersInit;
  /**
   * `true` reads on after a lost connection; leaving the loop then stops the run by its id.
   * `{ runId, after }` starts nothing, and reads a run from behind its event number `after`.
   */
  resume?: boolean | { runId: string; after?: number };
  /** How often to ask again after a failure that may pass, if nothing has come yet; default 0. */
  retries?: number;
  /** Called as soon as the server answers, before the first event. */
  onOpen?: (run: { runId?: string; requestId?: string }) => void;
}

/**
 * Ask, and yield each event. The loop ends after `done`; it throws a `ChatError` if the run failed or
 * the stream was cut, so that half an answer is never taken for a whole one.
 */
export function chat(url: string | URL, body: object | null, options?: ChatOptions): AsyncGenerator<ChatEvent, void>;

/** Any Server-Sent Events of a response's body. */
export function events(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<{ type: string; data: string; id?: string }, void>;

export class ChatError extends Error {
  name: "ChatError";
  /** The server's code, or `unreachable`, `connection_lost`, `unreadable`, or `http_` and the status. */
  code: string;
  /** The HTTP status, if there is one. */
  status?: number;
  /** Whether the same request may succeed later. */
  retryable: boolean;
  /** How long to wait before that. */
  retryAfterMs?: number;
  requestId?: string;
  constructor(error: {
    code: string;
    message?: string;
    status?: number;
    retryable?: boolean;
    retry_after_ms?: number;
    request_id?: string;
  });
}
