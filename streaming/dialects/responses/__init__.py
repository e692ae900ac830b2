"""OpenAI's Responses API, and Open Responses, which others speak too.

See: https://platform.openai.com/docs/api-reference/responses
"""

from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing

from streaming import sse
from streaming.dialects.openai import error as openai_error
from streaming.dialects.responses.items import APPROVAL, conversation
from streaming.dialects.responses.request import named, parse
from streaming.dialects.responses.response import Resource
from streaming.errors import Cancelled, ChatError, InvalidRequest, TooLarge
from streaming.events import Event
from streaming.headers import JSON
from streaming.requests import ChatRequest

__all__ = [
    "APPROVAL",
    "conversation",
    "parse",
    *("NUMBERED", "encode", "error", "headers", "keep_alive"),
    "resource",
]

NUMBERED = False
"""The wire numbers its own events, and several may stand for one of the run."""

ENDS = ("response.completed", "response.incomplete", "response.failed")


def headers(request: ChatRequest) -> Mapping[str, str]:
    if request.stream:
        return sse.HEADERS
    return JSON


def error(error: ChatError, request_id: str) -> bytes:
    names_a_field = isinstance(error, InvalidRequest | TooLarge)
    return openai_error(named(error) if names_a_field else error, request_id)


def keep_alive(deployment: str) -> bytes:
    return b": keep-alive\n\n"


async def encode(
    events: AsyncGenerator[Event], request: ChatRequest
) -> AsyncGenerator[bytes]:
    response, frames = Resource(request), _Frames(request.response.after)
    if request.stream and (begun := frames.of(response.begun())):
        yield begun
    async with aclosing(events):
        async for event in events:
            written = frames.of(response.written(event))
            if request.stream and written:
                yield written
    if not request.stream:
        yield _whole(response, request)


def _whole(response: Resource, request: ChatRequest) -> bytes:
    if response.status == "cancelled" and not request.response.background:
        raise Cancelled  # Who waits for an answer would take it for one.
    return sse.dumps(response.resource())


def resource(events: Iterable[Event], request: ChatRequest) -> dict[str, object]:
    """The response, as far as its *events* go."""
    response = Resource(request)
    for event in events:
        for _ in response.written(event):
            pass
    return response.resource()


class _Frames:
    """Numbers the events of a stream from 0; those up to *after* have been seen."""

    def __init__(self, after: int) -> None:
        self._after, self._next = after, 0

    def of(self, told: Iterable[Mapping[str, object]]) -> bytes:
        frames: list[bytes] = []
        for each in told:
            kind = str(each["type"])
            if self._next > self._after:
                numbered = {"type": kind, "sequence_number": self._next, **each}
                frames.append(sse.encode(numbered, kind))
            self._next += 1
            if kind in ENDS:
                frames.append(b"data: [DONE]\n\n")
        return b"".join(frames)
