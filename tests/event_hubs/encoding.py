"""Values to AMQP's encoding; `decoding` reads it back to the same values.

See: https://docs.oasis-open.org/amqp/core/v1.0/os/amqp-core-types-v1.0-os.html
"""

import struct
from functools import singledispatch
from uuid import UUID

from tests.event_hubs.values import (
    Array,
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


@singledispatch
def encode(value: object) -> bytes:
    """*value* after its constructor; a plain `int` does not say which one that is."""
    raise TypeError(f"{type(value).__name__} is not one of AMQP's types")


@encode.register
def _(value: None) -> bytes:
    return b"\x40"


@encode.register
def _(value: bool) -> bytes:
    return b"\x41" if value else b"\x42"


@encode.register
def _(value: Ubyte) -> bytes:
    return struct.pack(">BB", 0x50, value)


@encode.register
def _(value: Ushort) -> bytes:
    return struct.pack(">BH", 0x60, value)


@encode.register
def _(value: Uint) -> bytes:
    if value < 256:
        return struct.pack(">BB", 0x52, value)
    return struct.pack(">BI", 0x70, value)


@encode.register
def _(value: Ulong) -> bytes:
    if value < 256:
        return struct.pack(">BB", 0x53, value)
    return struct.pack(">BQ", 0x80, value)


@encode.register
def _(value: Int) -> bytes:
    return struct.pack(">Bi", 0x71, value)


@encode.register
def _(value: Long) -> bytes:
    return struct.pack(">Bq", 0x81, value)


@encode.register
def _(value: float) -> bytes:
    return struct.pack(">Bd", 0x82, value)


@encode.register
def _(value: Timestamp) -> bytes:
    return struct.pack(">Bq", 0x83, value)


@encode.register
def _(value: UUID) -> bytes:
    return b"\x98" + value.bytes


@encode.register
def _(value: bytes) -> bytes:
    return _variable(0xA0, value)


@encode.register
def _(value: str) -> bytes:
    return _variable(0xA1, value.encode())


@encode.register
def _(value: Symbol) -> bytes:
    return _variable(0xA3, value.encode("ascii"))


@encode.register(list)
def _(value: list[object]) -> bytes:
    return _compound(0xC0, value)


@encode.register(dict)
def _(value: dict[str, object]) -> bytes:
    return _compound(0xC1, [part for pair in value.items() for part in pair])


@encode.register
def _(value: Array) -> bytes:
    constructor = 0xB3 if all(isinstance(each, Symbol) for each in value) else 0xB1
    encoded = [each.encode() for each in value]
    body = b"".join(struct.pack(">I", len(each)) + each for each in encoded)
    return struct.pack(">BIIB", 0xF0, len(body) + 5, len(value), constructor) + body


@encode.register
def _(value: Described) -> bytes:
    return b"\x00" + encode(value.descriptor) + encode(value.value)


def _variable(code: int, encoded: bytes) -> bytes:
    if len(encoded) < 256:
        return struct.pack(">BB", code, len(encoded)) + encoded
    return struct.pack(">BI", code | 0x10, len(encoded)) + encoded


def _compound(code: int, elements: list[object]) -> bytes:
    body = b"".join(encode(element) for element in elements)
    # The size counts the octets of the count too.
    if len(body) < 255 and len(elements) < 256:
        return struct.pack(">BBB", code, len(body) + 1, len(elements)) + body
    return struct.pack(">BII", code | 0x10, len(body) + 4, len(elements)) + body
