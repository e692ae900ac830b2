"""Server-Sent Events: framing, and reading what others have framed.

See: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import json
from collections.abc import Iterator, Mapping
from math import isfinite

import orjson

HEADERS: Mapping[str, str] = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
}

DONE = b"data: [DONE]\n\n"
"""The end of a stream that is whole, on wires that take after OpenAI's."""

# Line readers such as httpx's `iter_lines` split at these too.
_LINE_BREAKS = (
    (b"\xc2\x85", b"\\u0085"),
    (b"\xe2\x80\xa8", b"\\u2028"),
    (b"\xe2\x80\xa9", b"\\u2029"),
)


def dumps(value: object) -> bytes:
    """*value* as one line of JSON for any reader of lines.

    A lone surrogate, which UTF-8 cannot carry, becomes U+FFFD. A value that JSON cannot
    hold is written as its `str`, and what cannot be written at all as `LEFT_OUT`.
    """
    try:
        data = orjson.dumps(value)
    except orjson.JSONEncodeError:
        plain = _plain(value)
        data = json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
    if b"\xe2\x80" in data or b"\xc2\x85" in data:
        for character, escape in _LINE_BREAKS:
            data = data.replace(character, escape)
    return data


MOST_NESTED = 100
"""Levels of a value that is no JSON as it is; readers of JSON have limits too."""

MOST_BITS = 14_000
"""Of an integer: Python writes no more than 4,300 digits."""

LEFT_OUT = "..."
"""In the place of what is nested deeper, or in itself, or too long."""


def _plain(value: object, within: tuple[int, ...] = ()) -> object:
    match value:
        case None | bool():
            return value
        case int():
            return value if value.bit_length() <= MOST_BITS else LEFT_OUT
        case float():
            return value if isfinite(value) else None
        case str():
            return _without_surrogates(value)
        case dict() | list() | tuple() | set() | frozenset():
            if id(value) in within or len(within) == MOST_NESTED:
                return LEFT_OUT
            within = (*within, id(value))
            if isinstance(value, dict):
                return {_said(k): _plain(v, within) for k, v in value.items()}
            return [_plain(item, within) for item in value]
        case _:
            return _said(value)


def _said(value: object) -> str:
    try:
        return _without_surrogates(str(value))
    except Exception:  # Whatever a chain has made it of.
        return f"<{type(value).__name__}>"


def _without_surrogates(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def text_of(value: object) -> str:
    """*value* for people to read: as it is if it is text, else as JSON."""
    return value if isinstance(value, str) else dumps(value).decode()


def to_utf8(text: str) -> bytes:
    """*text* as it is, except that a lone surrogate becomes U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _without_surrogates(text).encode()


def encode(value: object, event: str | None = None) -> bytes:
    """Frame *value* as one event whose data is a line of JSON."""
    if event is None:
        return b"data: %b\n\n" % dumps(value)
    return b"event: %b\ndata: %b\n\n" % (event.encode(), dumps(value))


class DataDecoder:
    """Reads the `data` of each event from bytes that come in pieces of any size.

    Event names, ids and comments are passed over; an event without data is none; the
    last one counts only once its blank line has come. *limit* is the most bytes one
    event may have; `feed` raises `ValueError` above it.
    """

    def __init__(self, limit: int = 16 * 1024 * 1024) -> None:
        self._limit = limit
        self._rest: list[bytes] = []
        self._data: list[bytes] = []
        self._size = 0
        self._first = True

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Add the next bytes and return the data of each event they complete."""
        self._rest.append(piece)
        self._size += len(piece)
        # A line in many pieces is put together once; a CR may wait for its LF.
        if b"\n" in piece or b"\r" in piece or self._rest[0].endswith(b"\r"):
            yield from self._lines(b"".join(self._rest))
        if self._size > self._limit:
            raise ValueError(f"an event of more than {self._limit} bytes")

    def _lines(self, text: bytes) -> Iterator[bytes]:
        if self._first:
            text = text.removeprefix(b"\xef\xbb\xbf")
            self._first = False
        if b"\r" in text:
            held = text.endswith(b"\r")
            text = (
                text[: len(text) - held].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            )
            text += b"\r" * held
        lines = text.split(b"\n")
        self._rest = [lines.pop()]
        for line in lines:
            if line:
                self._field(line)
            elif self._data:
                yield b"\n".join(self._data)
                self._data.clear()
        self._size = len(self._rest[0]) + sum(map(len, self._data))

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
