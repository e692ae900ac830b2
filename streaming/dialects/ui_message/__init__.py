"""The Vercel AI SDK's UI message stream, version 1, for its `useChat`.

See: https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol
"""

from collections.abc import AsyncGenerator, Mapping

from streaming import sse
from streaming.dialects import _answer
from streaming.dialects._answer import keep_alive
from streaming.dialects.json import decode
from streaming.dialects.ui_message.chunks import ChunkWriter
from streaming.dialects.ui_message.request import to_request
from streaming.errors import ChatError
from streaming.events import Event
from streaming.headers import JSON
from streaming.requests import ChatRequest

__all__ = ["encode", "error", "headers", "keep_alive", "parse", "to_request"]

VERSION = {"x-vercel-ai-ui-message-stream": "v1"}


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


def encode(
    events: AsyncGenerator[Event], request: ChatRequest
) -> AsyncGenerator[bytes]:
    return _answer.encode(events, ChunkWriter(request), stream=request.stream)
