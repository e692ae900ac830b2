"""`Connection`: a client's TCP connection, from its first octet to its last.

See: https://docs.oasis-open.org/amqp/core/v1.0/os/amqp-core-transport-v1.0-os.html
"""

import asyncio

from tests.event_hubs.broker import Broker
from tests.event_hubs.composites import Error
from tests.event_hubs.frames import (
    AMQP_HEADER,
    MAX_FRAME_SIZE,
    SASL_HEADER,
    Frame,
    FrameBuffer,
)
from tests.event_hubs.hub_links import ProducerLink
from tests.event_hubs.performatives import (
    Begin,
    Close,
    End,
    Open,
    SaslInit,
    SaslMechanisms,
    SaslOutcome,
)
from tests.event_hubs.session import Session
from tests.event_hubs.values import Array, Symbol, Ubyte, Uint, Ushort

CHANNEL_MAX = Ushort(4999)


class Connection(asyncio.Protocol):
    """A client, and the sessions it has begun."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker
        self.authorized: set[str] = set()
        """The event hubs that it put a token for."""
        self.max_frame_size = 512  # Until it says otherwise.
        self._frames = FrameBuffer()
        self._sessions: dict[int, Session] = {}
        self._sasl_done = False
        self._mute = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.broker.connections.add(self)
        if self.broker.faults.hang_up:
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.broker.connections.discard(self)
        for session in self._sessions.values():
            session.ended()

    def data_received(self, data: bytes) -> None:
        mute = self.broker.faults.mute
        if mute == "connection" or (mute == "after-sasl" and self._sasl_done):
            # For good: what comes now is lost, and what follows makes no sense.
            self._mute = True
        if self._mute:
            return
        try:
            for received in self._frames.feed(data):
                self._received(received)
                if self._transport.is_closing():
                    return
        except ValueError as exc:
            self._close(Error(Symbol("amqp:decode-error"), str(exc)))

    def send(self, frame: Frame) -> None:
        """Send *frame*; to nobody if the connection is cut."""
        if not self._transport.is_closing():
            self._transport.write(frame.encode())

    def drop(self) -> None:
        """Cut the connection, without a word."""
        self._transport.abort()

    def producers(self) -> list[ProducerLink]:
        """Its links that send to an event hub."""
        return [
            link
            for session in self._sessions.values()
            for link in session.links.values()
            if isinstance(link, ProducerLink)
        ]

    def _received(self, received: bytes | Frame) -> None:
        match received:
            case bytes():
                self._negotiate(received)
            case Frame(performative=SaslInit()):
                self._sasl_done = True
                self.send(Frame(0, SaslOutcome(Ubyte(0))))
            case Frame(performative=Open() as opened):
                self._open(opened)
            case Frame(channel, Begin() as begun):
                self._sessions[channel] = Session(self, channel, begun)
            case Frame(channel, End()):
                if session := self._sessions.pop(channel, None):
                    session.ended()
                self.send(Frame(channel, End()))
            case Frame(performative=Close()):
                self._close()
            case Frame(channel, performative, payload):
                # The SDK detaches links of a session that it has ended.
                if session := self._sessions.get(channel):
                    session.received(performative, payload)

    def _negotiate(self, header: bytes) -> None:
        """Agree on a layer; who wants another is told of one that there is."""
        if header == SASL_HEADER:
            self._transport.write(SASL_HEADER)
            anonymous = SaslMechanisms(Array([Symbol("ANONYMOUS")]))
            self.send(Frame(0, anonymous))
            return
        self._transport.write(AMQP_HEADER)
        if header != AMQP_HEADER:
            self._transport.close()

    def _open(self, opened: Open) -> None:
        self.max_frame_size = min(
            opened.max_frame_size or MAX_FRAME_SIZE, MAX_FRAME_SIZE
        )
        answer = Open(
            container_id="emulator",
            max_frame_size=Uint(MAX_FRAME_SIZE),
            channel_max=CHANNEL_MAX,
        )
        self.send(Frame(0, answer))

    def _close(self, error: Error | None = None) -> None:
        self.send(Frame(0, Close(error)))
        self._transport.close()
