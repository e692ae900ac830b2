"""The Vercel AI SDK's UI message stream, version 1, for its `useChat`.

See: https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol
"""

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import assert_never

from streaming import sse
from streaming.caller_tools import name_of
from streaming.dialects.json import decode
from streaming.dialects.ui_message.parts import Parts, UIMessageChunk, message, source
from streaming.dialects.ui_message.request import to_request
from streaming.errors import ChatError
from streaming.events import (
    BLANK_LINE,
    Citation,
    Custom,
    Done,
    Error,
    Event,
    Interrupt,
    Output,
    Paragraph,
    ReasoningDelta,
    Redact,
    TextDelta,
    ToolCall,
    ToolResult,
    Usage,
)
from streaming.headers import JSON
from streaming.requests import ChatRequest

__all__ = ["encode", "error", "headers", "keep_alive", "parse", "to_request"]

VERSION = {"x-vercel-ai-ui-message-stream": "v1"}
END = b"data: [DONE]\n\n"

ENDINGS = ("abort", "finish")
"""Types of the last chunk."""


def parse(body: bytes, path: Mapping[str, str]) -> ChatRequest:
    """Read what `useChat` posts, and `chain` and the sampling fields beside it."""
    return to_request(decode(body))


def headers(request: ChatRequest) -> Mapping[str, str]:
    if request.stream:
        return {**sse.HEADERS, **VERSION}
    return JSON


def error(error: ChatError, request_id: str) -> bytes:
    """The message alone: the SDK's transports make the body the error's message."""
    return sse.to_utf8(error.message)


def keep_alive(deployment: str) -> bytes:
    return b": keep-alive\n\n"


async def encode(
    events: AsyncGenerator[Event], request: ChatRequest
) -> AsyncGenerator[bytes]:
    tools = request.caller_tools.tools or []
    parts = Parts({name_of(tool.get("function")) for tool in tools})
    whole = _begun(request)
    if request.stream:
        yield _frames(whole)
    async with aclosing(events):
        async for event in events:
            written = [*_written(event, parts)]
            if not request.stream:
                whole += written
            elif written:
                yield _frames(written)
    if not request.stream:
        yield sse.dumps(message(whole))


def _frames(written: Sequence[UIMessageChunk]) -> bytes:
    end = END if written[-1]["type"] in ENDINGS else b""
    return b"".join(map(sse.encode, written)) + end


def _begun(request: ChatRequest) -> list[UIMessageChunk]:
    """What is written before the first event."""
    message_id = request.continues or request.run_id or request.id
    start: UIMessageChunk = {"type": "start", "messageId": message_id}
    if request.run_id:
        start["messageMetadata"] = {"runId": request.run_id}
    return [start, {"type": "start-step"}]


def _written(event: Event, parts: Parts) -> Iterator[UIMessageChunk]:
    match event:
        case Paragraph(_, text):
            yield from parts.close()
            yield from parts.say("text", text.removeprefix(BLANK_LINE))
        case TextDelta(_, text):
            yield from parts.say("text", text)
        case ReasoningDelta(_, text):
            yield from parts.say("reasoning", text)
        case ToolCall():
            yield from parts.call(event)
        case ToolResult():
            yield from parts.result(event)
        case Citation():
            yield source(event)
        case Interrupt():
            yield from parts.ask(event)
        case Error(error=failure):
            yield from _failed(failure.message, parts)
        case Done():
            yield from _ended(event, parts)
        case Custom(name, data):
            yield {"type": "data-custom", "data": {"name": name, "data": data}}
        case Redact() | Output() | Usage():
            pass  # The text, or `Done`, has said it; for the first there is no word.
        case _:
            assert_never(event)


def _ended(done: Done, parts: Parts) -> Iterator[UIMessageChunk]:
    if done.finish_reason == "deadline":
        yield from _failed("The answer took too long.", parts)
    elif done.finish_reason == "cancelled":
        yield from parts.close()
        yield {"type": "abort"}
        return
    elif done.finish_reason != "error":  # Of which `Error` has said so.
        yield from parts.end()
        yield {"type": "finish-step"}
    yield _finish(done)


def _failed(message: str, parts: Parts) -> Iterator[UIMessageChunk]:
    yield from parts.close()
    yield {"type": "finish-step"}
    yield {"type": "error", "errorText": message}


def _finish(done: Done) -> UIMessageChunk:
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
