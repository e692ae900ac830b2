"""Performatives: what a frame says; fields that are not used have no type.

See: https://docs.oasis-open.org/amqp/core/v1.0/os/amqp-core-transport-v1.0-os.html
"""

from collections.abc import Callable

from pydantic.dataclasses import dataclass

from tests.event_hubs.composites import (
    CHECKED,
    Composite,
    DeliveryState,
    Error,
    Source,
    Target,
)
from tests.event_hubs.values import Array, Described, Symbol, Ubyte, Uint, Ulong, Ushort


@dataclass(frozen=True, slots=True, config=CHECKED)
class Open(Composite):
    """The first frame of a connection."""

    code = 0x10
    container_id: str
    hostname: object = None
    max_frame_size: Uint | None = None
    channel_max: Ushort | None = None
    idle_time_out: object = None
    outgoing_locales: object = None
    incoming_locales: object = None
    offered_capabilities: object = None
    desired_capabilities: object = None
    properties: object = None


@dataclass(frozen=True, slots=True, config=CHECKED)
class Begin(Composite):
    """The first frame of a session."""

    code = 0x11
    remote_channel: Ushort | None
    next_outgoing_id: Uint
    incoming_window: Uint
    outgoing_window: Uint
    handle_max: Uint | None = None
    offered_capabilities: object = None
    desired_capabilities: object = None
    properties: object = None


@dataclass(frozen=True, slots=True, config=CHECKED)
class Attach(Composite):
    """The first frame of a link; the role is `True` for who receives."""

    code = 0x12
    name: str
    handle: Uint
    role: bool
    snd_settle_mode: Ubyte | None = None
    rcv_settle_mode: Ubyte | None = None
    source: Source | None = None
    target: Target | None = None
    unsettled: object = None
    incomplete_unsettled: object = None
    initial_delivery_count: Uint | None = None
    max_message_size: Ulong | None = None
    offered_capabilities: object = None
    desired_capabilities: object = None
    properties: object = None


@dataclass(frozen=True, slots=True, config=CHECKED)
class Flow(Composite):
    """How much may be sent, in a session and on a link."""

    code = 0x13
    next_incoming_id: Uint | None
    incoming_window: Uint
    next_outgoing_id: Uint
    outgoing_window: Uint
    handle: Uint | None = None
    delivery_count: Uint | None = None
    link_credit: Uint | None = None
    available: object = None
    drain: object = None
    echo: object = None
    properties: object = None


@dataclass(frozen=True, slots=True, config=CHECKED)
class Transfer(Composite):
    """A message, or a part of one, which is the frame's payload."""

    code = 0x14
    handle: Uint
    delivery_id: Uint | None = None
    delivery_tag: bytes | None = None
    message_format: Uint | None = None
    settled: bool | None = None
    more: bool | None = None
    rcv_settle_mode: object = None
    state: object = None
    resume: object = None
    aborted: object = None
    batchable: object = None


@dataclass(frozen=True, slots=True, config=CHECKED)
class Disposition(Composite):
    """What became of deliveries."""

    code = 0x15
    role: bool
    first: Uint
    last: Uint | None = None
    settled: bool | None = None
    state: DeliveryState | Described | None = None
    batchable: object = None


@dataclass(frozen=True, slots=True, config=CHECKED)
class Detach(Composite):
    """The last frame of a link."""

    code = 0x16
    handle: Uint
    closed: bool | None = None
    error: Error | None = None


@dataclass(frozen=True, slots=True, config=CHECKED)
class End(Composite):
    """The last frame of a session."""

    code = 0x17
    error: Error | None = None


@dataclass(frozen=True, slots=True, config=CHECKED)
class Close(Composite):
    """The last frame of a connection."""

    code = 0x18
    error: Error | None = None


@dataclass(frozen=True, slots=True, config=CHECKED)
class SaslMechanisms(Composite):
    """How a client may say who it is."""

    code = 0x40
    mechanisms: Array


@dataclass(frozen=True, slots=True, config=CHECKED)
class SaslInit(Composite):
    """How a client says who it is."""

    code = 0x41
    mechanism: Symbol
    initial_response: object = None
    hostname: object = None


@dataclass(frozen=True, slots=True, config=CHECKED)
class SaslOutcome(Composite):
    """Whether that is believed: 0 is yes."""

    code = 0x44
    result: Ubyte
    additional_data: object = None


_READ: dict[int, Callable[..., Composite]] = {
    kind.code: kind
    for kind in (
        *(Error, Source, Target),
        *(Open, Begin, Attach, Flow, Transfer, Disposition, Detach, End, Close),
        SaslInit,
    )
}


def read(value: object) -> Composite:
    """The composite that *value* describes."""
    match value:
        case Described(int(code), list(fields)) if code in _READ:
            return _READ[code](*(_field(field) for field in fields))
        case _:
            raise ValueError(f"A client does not send {value!r}")


def _field(value: object) -> object:
    match value:
        case Described(int(code)) if code in _READ:
            return read(value)
        case _:
            return value
