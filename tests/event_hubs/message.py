"""`Message`: what a producer sent, in sections.

See: https://docs.oasis-open.org/amqp/core/v1.0/os/amqp-core-messaging-v1.0-os.html
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Self

from tests.event_hubs.decoding import decode
from tests.event_hubs.encoding import encode
from tests.event_hubs.values import Described, Symbol, Ulong


class Section(IntEnum):
    """The descriptors of sections."""

    HEADER = 0x70
    DELIVERY_ANNOTATIONS = 0x71
    MESSAGE_ANNOTATIONS = 0x72
    PROPERTIES = 0x73
    APPLICATION_PROPERTIES = 0x74
    DATA = 0x75
    VALUE = 0x77

    def encode(self, value: object) -> bytes:
        """A section with *value*."""
        return encode(Described(Ulong(self), value))


@dataclass(slots=True)
class Message:
    """A decoded message; what is passed on as it came is also kept encoded."""

    annotations: dict[str, object] = field(default_factory=dict)
    message_id: object = None
    application_properties: dict[str, object] = field(default_factory=dict)
    data: list[bytes] = field(default_factory=list)
    value: object = None
    header: bytes = b""
    bare: bytes = b""
    """Encoded: the properties, the application properties and the body."""

    @classmethod
    def decode(cls, encoded: bytes) -> Self:
        """The message in *encoded*."""
        message, at = cls(), 0
        while at < len(encoded):
            start = at
            section, at = decode(encoded, at)
            message._add(section, encoded[start:at])
        return message

    def annotated(self, annotations: dict[str, object]) -> bytes:
        """The message encoded, with *annotations* over its own."""
        merged: dict[str, object] = {
            Symbol(name): value
            for name, value in (self.annotations | annotations).items()
        }
        section = Section.MESSAGE_ANNOTATIONS.encode(merged)
        return self.header + section + self.bare

    def _add(self, section: object, encoded: bytes) -> None:
        match section:
            case Described(Section.HEADER):
                self.header = encoded
                return
            case Described(Section.DELIVERY_ANNOTATIONS):
                return  # They are for the next hop, which is here.
            case Described(Section.MESSAGE_ANNOTATIONS, dict(annotations)):
                self.annotations = annotations
                return
            case Described(Section.PROPERTIES, [message_id, *_]):
                self.message_id = message_id
            case Described(Section.APPLICATION_PROPERTIES, dict(properties)):
                self.application_properties = properties
            case Described(Section.DATA, bytes(data)):
                self.data.append(data)
            case Described(Section.VALUE, value):
                self.value = value
            case _:
                raise ValueError(f"{section!r} is no section used here")
        self.bare += encoded
