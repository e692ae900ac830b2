"""AMQP's encoding to values; constructors that the SDK does not send are refused.

See: https://docs.oasis-open.org/amqp/core/v1.0/os/amqp-core-types-v1.0-os.html
"""

import struct
from collections.abc import Callable
from uuid import UUID

from tests.event_hubs.values import (
    Described,
    Int,
    Long,
    Symbol,
    Timestamp,
    Ubyte,
    Uint,
    Ulong,
    Ushort,
)

_EMPTY: dict[int, object] = {
    0x40: None,
    0x41: True,
    0x42: False,
    0x43: Uint(0),
    0x44: Ulong(0),
}

_FIXED: dict[int, tuple[struct.Struct, Callable[[int], object]]] = {
    0x50: (struct.Struct(">B"), Ubyte),
    0x52: (struct.Struct(">B"), Uint),
    0x53: (struct.Struct(">B"), Ulong),
    0x54: (struct.Struct(">b"), Int),
    0x55: (struct.Struct(">b"), Long),
    0x56: (struct.Struct(">?"), bool),
    0x60: (struct.Struct(">H"), Ushort),
    0x70: (struct.Struct(">I"), Uint),
    0x71: (struct.Struct(">i"), Int),
    0x80: (struct.Struct(">Q"), Ulong),
    0x81: (struct.Struct(">q"), Long),
    0x82: (struct.Struct(">d"), float),
    0x83: (struct.Struct(">q"), Timestamp),
}

_SMALL = struct.Struct(">BB")
_LARGE = struct.Struct(">II")


def decode(encoded: bytes, at: int = 0) -> tuple[object, int]:
    """The value *at* a position, and the position after it."""
    try:
        return _construct(encoded[at], encoded, at + 1)
    except (IndexError, struct.error) as exc:
        raise ValueError("An AMQP value ends before its time") from exc


def _construct(code: int, encoded: bytes, at: int) -> tuple[object, int]:
    if code in _EMPTY:
        return _EMPTY[code], at
    if code in _FIXED:
        layout, kind = _FIXED[code]
        return kind(layout.unpack_from(encoded, at)[0]), at + layout.size
    # The first half of other constructors says how wide the value and its size are.
    match code >> 4:
        case 0x0:
            return _described(encoded, at)
        case 0x4:
            return [], at
        case 0x9:
            return UUID(bytes=encoded[at : at + 16]), at + 16
        case 0xA | 0xB:
            return _variable(code, encoded, at)
        case 0xC | 0xD:
            return _compound(code, encoded, at)
        case 0xE | 0xF:
            return _array(code, encoded, at)
        case _:
            raise ValueError(f"The constructor 0x{code:02x} is not used here")


def _described(encoded: bytes, at: int) -> tuple[Described, int]:
    descriptor, at = decode(encoded, at)
    value, at = decode(encoded, at)
    return Described(descriptor, value), at


def _variable(code: int, encoded: bytes, at: int) -> tuple[object, int]:
    size, width = encoded[at], 1
    if code >= 0xB0:
        size, width = struct.unpack_from(">I", encoded, at)[0], 4
    start, end = at + width, at + width + size
    if end > len(encoded):
        raise ValueError(f"A value of {size} octets ends before its time")
    raw = encoded[start:end]
    match code & 0x0F:
        case 0:
            return raw, end
        case 1:
            return raw.decode(), end
        case _:
            return Symbol(raw.decode("ascii")), end


def _counted(code: int, encoded: bytes, at: int) -> tuple[int, int]:
    """How many elements there are, and where the first one is."""
    layout = _LARGE if code & 0x10 else _SMALL
    _, count = layout.unpack_from(encoded, at)
    return count, at + layout.size


def _compound(code: int, encoded: bytes, at: int) -> tuple[object, int]:
    count, at = _counted(code, encoded, at)
    elements = []
    for _ in range(count):
        element, at = decode(encoded, at)
        elements.append(element)
    if code & 0x0F == 0:
        return elements, at
    return _map(elements), at


def _map(elements: list[object]) -> dict[str, object]:
    pairs = {}
    for key, value in zip(elements[::2], elements[1::2], strict=True):
        if not isinstance(key, str):
            raise ValueError(f"Only strings and symbols are keys here, not {key!r}")
        pairs[key] = value
    return pairs


def _array(code: int, encoded: bytes, at: int) -> tuple[list[object], int]:
    count, at = _counted(code, encoded, at)
    constructor, at = encoded[at], at + 1
    elements = []
    for _ in range(count):
        element, at = _construct(constructor, encoded, at)
        elements.append(element)
    return elements, at
