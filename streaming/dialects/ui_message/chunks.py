"""The chunks of a Vercel AI SDK UI message stream.

Their keys are those of the SDK's first version of the stream, which refuses any other.
"""

from collections.abc import Iterator, Mapping
from mimetypes import MimeTypes

from streaming import sse
from streaming.dialects._answer import AnswerWriter, Fields, Kind
from streaming.dialects.ui_message.whole import message
from streaming.errors import ChatError, DeadlineExceeded
from streaming.events import Citation, Custom, Done, Interrupt, ToolCall, ToolResult
from streaming.requests import ChatRequest

_MEDIA_TYPES = MimeTypes()


class ChunkWriter(AnswerWriter):
    """A tool call is dynamic unless the page knows the tool."""

    END = sse.DONE

    def __init__(self, request: ChatRequest) -> None:
        super().__init__()
        self._request = request
        self._known = request.caller_tools.names
        self._count = 0
        self._called: set[str] = set()
        self._waiting: set[str] = set()
        self._asked: set[str] = set()
        self._answered = False

    def begun(self) -> Iterator[Fields]:
        run_id, request = self._request.run_id, self._request
        start: Fields = {"type": "start"}
        start["messageId"] = request.continues or run_id or request.id
        if run_id:
            start["messageMetadata"] = {"runId": run_id}
        yield start
        yield {"type": "start-step"}

    def begin(self, kind: Kind) -> Iterator[Fields]:
        yield from self._next_step()
        self._count += 1
        self._delta = {"type": f"{kind}-delta", "id": str(self._count)}
        yield {**self._delta, "type": f"{kind}-start"}

    def finish(self, kind: Kind) -> Iterator[Fields]:
        yield {**self._delta, "type": f"{kind}-end"}

    def call(self, call: ToolCall) -> Iterator[Fields]:
        yield from self.close()
        yield from self._next_step()
        call_id = call.id or call.name
        self._called.add(call_id)
        self._waiting.add(call_id)
        yield {
            "type": "tool-input-available",
            "toolCallId": call_id,
            "toolName": call.name,
            "input": call.args,
            **self._dynamic(call.name),
        }
        if isinstance(call.args, str):
            # The SDK's first releases do not know `tool-input-error`.
            wrong = {"errorText": "The arguments are not a JSON object."}
            yield self._ended("tool-output-error", call_id, call.name, wrong)

    def result(self, result: ToolResult) -> Iterator[Fields]:
        """A call that was not sent yet is sent first."""
        call_id = result.id or result.name
        if call_id not in self._called:
            yield from self.call(ToolCall(result.deployment, call_id, result.name, {}))
        output = {"output": result.content}
        yield self._ended("tool-output-available", call_id, result.name, output)

    def _dynamic(self, name: str) -> Fields:
        return {} if name in self._known else {"dynamic": True}

    def _ended(
        self, kind: str, call_id: str, name: str, came: Mapping[str, object]
    ) -> Fields:
        self._waiting.discard(call_id)
        self._answered = True
        return {
            "type": kind,
            "toolCallId": call_id,
            **came,
            # The page may not take it for a result of its own, and ask again.
            "providerExecuted": True,
            # The SDK's first release looks for the call by it.
            **self._dynamic(name),
        }

    def ask(self, interrupt: Interrupt) -> Iterator[Fields]:
        """A question to a person, as a tool call that waits for their approval.

        It is in a step of its own: the SDK asks again by itself once a step's calls are
        all answered, and of those before some may wait for this.
        """
        if self._called and not self._asked:
            self._answered = True
        self._asked.add(interrupt.id)
        yield from self.call(interrupt.as_call())
        yield {
            "type": "tool-approval-request",
            "approvalId": interrupt.id,
            "toolCallId": interrupt.id,
        }

    def cite(self, citation: Citation) -> Iterator[Fields]:
        """A link if the source has a page, else a document by its name."""
        about = {"sourceId": citation.id}
        titled = {"title": citation.title}
        if citation.url.startswith(("https://", "http://")):
            about["url"] = citation.url
            yield {"type": "source-url", **about, **(titled if citation.title else {})}
            return
        name = citation.url.partition("#")[0]
        about["mediaType"] = _MEDIA_TYPES.guess_file_type(name)[0] or "text/plain"
        named = {"filename": name} if name else {}
        yield {"type": "source-document", **about, **titled, **named}

    def custom(self, custom: Custom) -> Iterator[Fields]:
        data = {"name": custom.name, "data": custom.data}
        yield {"type": "data-custom", "data": data}

    def _next_step(self) -> Iterator[Fields]:
        if self._answered:
            # The SDK asks again by itself while the last step is an answered call.
            self._answered = False
            yield {"type": "finish-step"}
            yield {"type": "start-step"}

    def fail(self, error: ChatError) -> Iterator[Fields]:
        yield from self.close()
        yield {"type": "finish-step"}
        yield {"type": "error", "errorText": error.message}

    def end(self, done: Done) -> Iterator[Fields]:
        if done.finish_reason == "deadline":
            yield from self.fail(DeadlineExceeded())
        elif done.finish_reason == "cancelled":
            yield from self.close()
            yield {"type": "abort"}
            return
        elif done.finish_reason != "error":  # Of which `Error` has said so.
            yield from self.close()
            if not self._waiting:
                yield from self._next_step()
            yield {"type": "finish-step"}
        yield _finish(done)

    def whole(self) -> Fields:
        return message(self.kept)


def _finish(done: Done) -> Fields:
    usage = {
        "inputTokens": done.usage.input_tokens,
        "outputTokens": done.usage.output_tokens,
        "totalTokens": done.usage.total_tokens,
        "cachedInputTokens": done.usage.cached_tokens,
        "reasoningTokens": done.usage.reasoning_tokens,
    }
    if done.usage.estimated:
        usage["estimated"] = True
    reason = "length" if done.finish_reason == "budget" else done.finish_reason
    metadata = {
        "finishReason": reason.replace("_", "-"),
        "deployment": done.deployment,
        "runId": done.run_id,
        "usage": usage,
        "latencyMs": done.latency_ms,
        "timeToFirstChunkMs": done.time_to_first_chunk_ms,
        "streamingDurationMs": done.streaming_duration_ms,
        **({"cost": done.cost.as_dict()} if done.cost else {}),
    }
    return {"type": "finish", "messageMetadata": metadata}
