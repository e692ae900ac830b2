"""A JSON object's text: what is read of it, and fields put into it.

Every other byte stays: decoding and encoding again would change numbers, and drop all
but one of equal keys.
"""

import re
from json import JSONDecoder
from json import loads as lenient_loads
from json.decoder import scanstring  # type: ignore[attr-defined]  # not in typeshed

import msgspec
import orjson

from runs.model_call import PARAMETERS

USAGE = b'"stream_options":{"include_usage":true}'

_OPENING = re.compile(rb"[ \t\n\r]*\{")
_SPACE = re.compile(r"[ \t\n\r]*")


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
        body.decode()  # Of what it passes over, msgspec does not look at the bytes.
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
    rest = body[opening.end() :]
    comma = b"" if rest.lstrip(b" \t\n\r").startswith(b"}") else b","
    return opening[0] + member + comma + rest


def asks_for_usage(body: bytes) -> bool:
    """Whether `USAGE` was put before the other members of *body*."""
    opening = _OPENING.match(body)
    return opening is not None and body.startswith(USAGE, opening.end())


def with_value(body: bytes, name: str, value: bytes) -> bytes:
    """Put *value* in the place of each that members called *name*, in any case, have.

    *name* is in lower case.
    """
    text = body.decode()
    pieces, kept = [], 0
    for start, end in _values(text, name):
        pieces += [text[kept:start].encode(), value]
        kept = end
    return b"".join([*pieces, text[kept:].encode()])


def _values(text: str, name: str) -> list[tuple[int, int]]:
    decoder, found = JSONDecoder(), []
    at = _past_space(text, _past_space(text, 0) + 1)
    while text[at] != "}":
        key, at = scanstring(text, at + 1, True)
        start = _past_space(text, _past_space(text, at) + 1)
        _, at = decoder.raw_decode(text, start)
        if key.lower() == name:
            found.append((start, at))
        at = _past_space(text, at)
        if text[at] == ",":
            at = _past_space(text, at + 1)
    return found


def _past_space(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at
