"""AMQP's types, where Python's own do not tell them apart.

See: https://docs.oasis-open.org/amqp/core/v1.0/os/amqp-core-types-v1.0-os.html
"""

from dataclasses import dataclass


class Symbol(str):
    """A word of the protocol, in ASCII."""

    __slots__ = ()


class Ubyte(int):
    """8 bits, unsigned."""

    __slots__ = ()


class Ushort(int):
    """16 bits, unsigned."""

    __slots__ = ()


class Uint(int):
    """32 bits, unsigned."""

    __slots__ = ()


class Ulong(int):
    """64 bits, unsigned."""

    __slots__ = ()


class Int(int):
    """32 bits, signed."""

    __slots__ = ()


class Long(int):
    """64 bits, signed."""

    __slots__ = ()


class Timestamp(int):
    """Milliseconds since 1970."""

    __slots__ = ()


class Array(list[str]):
    """Strings, or symbols, that share one constructor."""


@dataclass(frozen=True, slots=True)
class Described:
    """A value, and what says what it means."""

    descriptor: object
    value: object
