"""Readable text: the answer alone, in pieces as it comes.

It has no word for an error: an answer that fails is cut off, so that no reader takes it
for a whole one.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from streaming import requests, sse
from streaming.dialects.json import decode, normalize
from streaming.dialects.ui_message import error, to_request
from streaming.errors import ChatError
from streaming.events import Done, Event
from streaming.headers import PLAIN
from streaming.one_text import OneText
from streaming.requests import ChatRequest
from streaming.settled import settled

__all__ = ["NUMBERED", "encode", "error", "headers", "keep_alive", "parse"]

NUMBERED = False


def parse(body: bytes, path: Mapping[str, str]) -> ChatRequest:
    """Read what `json` reads, or what `useChat` posts."""
    fields = decode(body)
    if _is_of_use_chat(fields):
        return to_request(fields)
    return requests.validate(normalize(fields))


def _is_of_use_chat(fields: Mapping[str, object]) -> bool:
    messages = fields.get("messages")
    return "trigger" in fields or (
        isinstance(messages, list)
        and any(isinstance(each, dict) and "parts" in each for each in messages)
    )


def headers(request: ChatRequest) -> Mapping[str, str]:
    if request.stream:
        return {**sse.HEADERS, "content-type": PLAIN["content-type"]}
    return PLAIN


def keep_alive(deployment: str) -> bytes:
    return b""  # Whatever is sent would be a part of the text.


async def encode(
    events: AsyncGenerator[Event], request: ChatRequest
) -> AsyncGenerator[bytes]:
    """The text of *events*; raises what they failed with."""
    text = OneText()
    async with aclosing(events if request.stream else settled(events)) as left:
        async for event in left:
            match text.hear(event):
                case str(said):
                    yield sse.to_utf8(said)
                case (ChatError() as failure) | Done(stopped_by=ChatError() as failure):
                    raise failure
