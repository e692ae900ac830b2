"""A JSON object's text: what is read of it, and fields put into it.

Every other byte stays: decoding and encoding again would change numbers, and drop all
but one of equal keys.
"""

import re
from collections.abc import Iterator
from json import loads as lenient_loads

import msgspec
import orjson

from runs.model_call import PARAMETERS
from streaming.large import find_marks, string_end

USAGE = b'"stream_options":{"include_usage":true}'

_OPENING = re.compile(rb"[ \t\n\r]*+\{")
_CLOSING = re.compile(rb"[ \t\n\r]*+\}")
_COLON = re.compile(rb"[ \t\n\r]*+:[ \t\n\r]*+")
_SCALAR = re.compile(rb"[^\[{,}\s]++")

_ESCAPED_LETTERS = (rb"\u004", rb"\u005", rb"\u006", rb"\u007")

MEMBERS = (
    *("model", "stream", "stream_options", "data_sources", "user"),
    *("store", "background", "previous_response_id"),
    *PARAMETERS,
)
"""The members that this server reads."""

LONG_VALUE = 1_000
"""Bytes of a list or an object above which it is not decoded."""

LENIENT_COMMAS = 100_000
"""Commas, about the number of values, above which a body that is not quite JSON is not
read."""

_READER = msgspec.json.Decoder(
    msgspec.defstruct(
        "Members",
        [(name, msgspec.Raw | msgspec.UnsetType, msgspec.UNSET) for name in MEMBERS],
    )
)


def members(body: bytes) -> dict[str, object] | None:
    """The `MEMBERS` of the object *body*; `None` if it is no object.

    The rest is not decoded: its objects may take thirty times its bytes, and a second.
    A long list or object is not decoded either; its value is `None`.
    """
    try:
        if not body.isascii():
            body.decode()  # What it passes over, msgspec does not look at.
        read = _READER.decode(body)
    except (UnicodeDecodeError, msgspec.DecodeError, RecursionError):
        found = fields(body) if body.count(b",") <= LENIENT_COMMAS else {}
        if not found:
            return None
        return {name: found[name] for name in MEMBERS if name in found}
    given = ((name, getattr(read, name)) for name in MEMBERS)
    return {name: _value(bytes(raw)) for name, raw in given if raw is not msgspec.UNSET}


def _value(text: bytes) -> object:
    if len(text) > LONG_VALUE and text[:1] in b"[{":
        return None
    return fields(b'{"value":%b}' % text).get("value")


def fields(body: bytes) -> dict[str, object]:
    """The object that *body* is; empty if it is none."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            # Lone surrogates and NaN, which some take.
            value = lenient_loads(body.decode())
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}


def with_member(body: bytes, member: bytes) -> bytes:
    """Put *member* before the others of the object that *body* is.

    It must be an object, and not have a member of that name.
    """
    opening = _OPENING.match(body)
    if opening is None:
        raise ValueError("not a JSON object")
    comma = b"" if _CLOSING.match(body, opening.end()) else b","
    return b"".join([opening[0], member, comma, memoryview(body)[opening.end() :]])


def asks_for_usage(body: bytes) -> bool:
    """Whether `USAGE` was put before the other members of *body*."""
    opening = _OPENING.match(body)
    return opening is not None and body.startswith(USAGE, opening.end())


def with_value(body: bytes, name: str, value: bytes, *, given: bool) -> bytes:
    """Put *value* in the place of each that members called *name*, in any case, have.

    *name* is in lower case. The object that *body* is has a member of exactly that name
    if one is *given*.
    """
    only = _only(body, name) if given else None
    pieces, kept = [], 0
    for start, end in [only] if only else _values(body, name):
        pieces += [body[kept:start], value]
        kept = end
    return b"".join([*pieces, body[kept:]]) if pieces else body


def _only(body: bytes, name: str) -> tuple[int, int] | None:
    """Where the value of a member begins and ends if nothing else has its name.

    Then it need not be looked for in what may be millions of objects.
    """
    key, lower = b'"%b"' % name.encode(), body.lower()
    if lower.count(key) != 1 or any(each in body for each in _ESCAPED_LETTERS):
        return None
    begins = lower.index(key)
    colon = _COLON.match(body, begins + len(key))
    return _value_at(body, colon.end()) if colon else None


def _value_at(body: bytes, start: int) -> tuple[int, int] | None:
    """Where the value at *start* begins and ends, unless it is a list or an object."""
    if body[start : start + 1] == b'"':
        return start, string_end(body, start)
    scalar = _SCALAR.match(body, start)
    return scalar.span() if scalar else None


def _values(body: bytes, name: str) -> Iterator[tuple[int, int]]:
    """Where the values of the members called *name* begin and end."""
    depth, opened = 0, None
    for begins, ends in find_marks(body, b"[]{}"):
        match body[begins : begins + 1]:
            case b"{" | b"[":
                depth += 1
            case b"}" | b"]":
                depth -= 1
                if depth == 1 and opened is not None:
                    yield opened, ends
                    opened = None
            case _ if depth == 1 and _is_called(body[begins:ends], name):
                if (colon := _COLON.match(body, ends)) is None:
                    continue  # A value, which has the name's letters.
                if (span := _value_at(body, colon.end())) is not None:
                    yield span
                else:
                    opened = colon.end()


def _is_called(key: bytes, name: str) -> bool:
    longest = len(name) * len("\\u0000") + 2
    return len(key) <= longest and lenient_loads(key).lower() == name
