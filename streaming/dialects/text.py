"""Plain text in Server-Sent Events, as AoaiStreamFunction has it; ends with `[DONE]`.

An event has one `data:` line for each line of its text. It cannot carry a carriage
return: CR and CRLF in the answer arrive as LF.
"""

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from itertools import pairwise

from streaming import sse
from streaming.dialects.json import error, parse
from streaming.errors import ChatError
from streaming.events import Done, Event
from streaming.one_text import OneText, whole
from streaming.requests import ChatRequest

__all__ = ["NUMBERED", "encode", "error", "headers", "keep_alive", "parse"]

NUMBERED = False

END = "[DONE]"
_LINE_END = re.compile(rb"\r\n|\r|\n")

# As far as a line that reads so, but for white space, may go in one event.
_END_IN_TEXT = re.compile(r"(?<![^\r\n])[^\S\r\n]*+\[(?=DONE\][^\S\r\n]*+(?![^\r\n]))")


def headers(request: ChatRequest) -> Mapping[str, str]:
    if request.stream:
        return sse.HEADERS
    return {"content-type": "text/plain; charset=utf-8", "cache-control": "no-store"}


def keep_alive(deployment: str) -> bytes:
    return b"data:\r\n\r\n"


async def encode(
    events: AsyncGenerator[Event], request: ChatRequest
) -> AsyncGenerator[bytes]:
    if not request.stream:
        yield sse.to_utf8(await whole(events))
        return
    text, held = OneText(), ""
    async with aclosing(events):
        async for event in events:
            match text.hear(event):
                case str(piece):
                    said = held + piece
                    # It may be the first half of a CRLF.
                    held = "\r" if said.endswith("\r") else ""
                    if said := said.removesuffix("\r"):
                        yield _said(said)
                case (ChatError() as failure) | Done(stopped_by=ChatError() as failure):
                    yield _said(held) + _failed(failure, request)
                case Done(finish_reason="error"):
                    pass  # `Error` has said so, and `[DONE]` would say otherwise.
                case Done():
                    yield _said(held) + _frame(END)


def _said(text: str) -> bytes:
    if END not in text:
        return _frame(text) if text else b""
    # Readers of events or of lines would take a line that reads so for the end.
    cuts = [0, *(line.end() for line in _END_IN_TEXT.finditer(text)), len(text)]
    return b"".join(_frame(text[start:end]) for start, end in pairwise(cuts))


def _frame(text: str) -> bytes:
    lines = _LINE_END.split(sse.to_utf8(text))
    return b"".join(b"data: %b\r\n" % line for line in lines) + b"\r\n"


def _failed(failure: ChatError, request: ChatRequest) -> bytes:
    return b"event: error\r\ndata: %b\r\n\r\n" % error(failure, request.id)
