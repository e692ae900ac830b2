"""Protocol headers and frames, cut from what arrives.

See: https://docs.oasis-open.org/amqp/core/v1.0/os/amqp-core-transport-v1.0-os.html
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from tests.event_hubs.composites import Composite
from tests.event_hubs.decoding import decode
from tests.event_hubs.encoding import encode
from tests.event_hubs.performatives import SaslMechanisms, SaslOutcome, read

AMQP_HEADER = b"AMQP\x00\x01\x00\x00"
SASL_HEADER = b"AMQP\x03\x01\x00\x00"

MAX_FRAME_SIZE = 65_536

_HEADER = struct.Struct(">IBBH")  # Size, data offset, type and channel.


@dataclass(frozen=True, slots=True)
class Frame:
    """A performative on a channel, and a message behind it."""

    channel: int
    performative: Composite
    payload: bytes = b""

    def encode(self) -> bytes:
        """The frame as it is sent."""
        sasl = isinstance(self.performative, SaslMechanisms | SaslOutcome)
        body = encode(self.performative) + self.payload
        return _HEADER.pack(_HEADER.size + len(body), 2, sasl, self.channel) + body


class FrameBuffer:
    """What has arrived and is no whole frame yet."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, received: bytes) -> Iterator[bytes | Frame]:
        """The headers, as they are, and the frames that *received* completes."""
        self._buffer += received
        while len(self._buffer) >= _HEADER.size:
            size, offset, _, channel = _HEADER.unpack_from(self._buffer)
            if self._buffer.startswith(b"AMQP"):
                yield self._take(_HEADER.size)
                continue
            if not _HEADER.size <= size <= MAX_FRAME_SIZE:
                raise ValueError(f"A frame has {size} octets")
            if len(self._buffer) < size:
                return
            # An empty frame only says that the client is alive.
            if body := self._take(size)[offset * 4 :]:
                value, end = decode(body)
                yield Frame(channel, read(value), body[end:])

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken
