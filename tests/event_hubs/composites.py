"""Composite types: described lists whose fields are known by their position.

See: https://docs.oasis-open.org/amqp/core/v1.0/os/amqp-core-messaging-v1.0-os.html
"""

from typing import ClassVar

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from tests.event_hubs.encoding import encode
from tests.event_hubs.values import Described, Symbol, Ulong

CHECKED = ConfigDict(strict=True, arbitrary_types_allowed=True)
"""A client is not trusted to send what the specification says."""


class Composite:
    """A described list; the fields of a subclass are in the specification's order."""

    __slots__: tuple[str, ...] = ()
    code: ClassVar[int]


@encode.register
def _(value: Composite) -> bytes:
    # The SDK finds fields by position and never pads: it fails with an `IndexError`
    # where nulls at the end are left out, although they may be.
    fields = [getattr(value, name) for name in value.__slots__]
    return encode(Described(Ulong(value.code), fields))


@dataclass(frozen=True, slots=True, config=CHECKED)
class Error(Composite):
    """Why a link, a session or a connection ends, or a delivery is rejected."""

    code = 0x1D
    condition: Symbol
    description: str | None = None
    info: object = None


@dataclass(frozen=True, slots=True, config=CHECKED)
class Source(Composite):
    """Where messages come from."""

    code = 0x28
    address: str | None = None
    durable: object = None
    expiry_policy: object = None
    timeout: object = None
    dynamic: object = None
    dynamic_node_properties: object = None
    distribution_mode: object = None
    filter: dict[str, object] | None = None
    default_outcome: object = None
    outcomes: object = None
    capabilities: object = None


@dataclass(frozen=True, slots=True, config=CHECKED)
class Target(Composite):
    """Where messages go."""

    code = 0x29
    address: str | None = None
    durable: object = None
    expiry_policy: object = None
    timeout: object = None
    dynamic: object = None
    dynamic_node_properties: object = None
    capabilities: object = None


@dataclass(frozen=True, slots=True, config=CHECKED)
class Accepted(Composite):
    """A delivery that is stored."""

    code = 0x24


@dataclass(frozen=True, slots=True, config=CHECKED)
class Rejected(Composite):
    """A delivery that cannot be stored."""

    code = 0x25
    error: Error


@dataclass(frozen=True, slots=True, config=CHECKED)
class Released(Composite):
    """A delivery that was not looked at."""

    code = 0x26


@dataclass(frozen=True, slots=True, config=CHECKED)
class Modified(Composite):
    """A delivery that was not stored, and may be changed and sent again."""

    code = 0x27
    delivery_failed: bool = True
    undeliverable_here: bool = False
    message_annotations: object = None


type DeliveryState = Accepted | Rejected | Released | Modified
