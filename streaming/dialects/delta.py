"""Deltas, then a status: the wire of azure-functions-python-cookbook's
`streaming_ai_response`.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from streaming import requests, sse
from streaming.dialects.json import decode, error, headers, normalize
from streaming.errors import ChatError, invalid
from streaming.events import Done, Event
from streaming.one_text import OneText, whole
from streaming.requests import ChatRequest, Message

__all__ = ["NUMBERED", "encode", "error", "headers", "keep_alive", "parse"]

NUMBERED = False


def parse(body: bytes, path: Mapping[str, str]) -> ChatRequest:
    """Read what `json` reads, and `system_prompt`, which becomes the first message."""
    fields = decode(body)
    prompt = fields.pop("system_prompt", None)
    if not isinstance(prompt, str | None):
        raise invalid("system_prompt", "expected a string")
    request = requests.validate(normalize(fields))
    if not prompt:
        return request
    messages = [Message(role="system", content=prompt), *request.messages]
    return request.model_copy(update={"messages": messages})


def keep_alive(deployment: str) -> bytes:
    return sse.encode({"delta": ""})


async def encode(
    events: AsyncGenerator[Event], request: ChatRequest
) -> AsyncGenerator[bytes]:
    if not request.stream:
        yield sse.dumps({"message": await whole(events)})
        return
    text = OneText()
    async with aclosing(events):
        async for event in events:
            match text.hear(event):
                case str(said):
                    yield sse.encode({"delta": said})
                case ChatError() as failure:
                    yield _failed(failure, request)
                case Done(stopped_by=ChatError() as failure):
                    yield _failed(failure, request) + _done("failed")
                case Done(finish_reason="error"):
                    yield _done("failed")
                case Done():
                    yield _done("completed")


def _failed(failure: ChatError, request: ChatRequest) -> bytes:
    return sse.encode({"error": failure.as_dict(request.id)}, "error")


def _done(status: str) -> bytes:
    return sse.encode({"status": status}, "done")
