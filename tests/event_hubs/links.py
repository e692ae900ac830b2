"""Links: where a client sends there is a `Receiver` here, where it receives a `Sender`.

See: https://docs.oasis-open.org/amqp/core/v1.0/os/amqp-core-transport-v1.0-os.html
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.event_hubs.composites import Error, Source, Target
from tests.event_hubs.performatives import Attach, Flow, Transfer
from tests.event_hubs.values import Symbol, Ubyte, Uint, Ulong

if TYPE_CHECKING:
    from tests.event_hubs.session import Session

CREDIT = Uint(300)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message, as a client sent it."""

    id: Uint
    message_format: int
    message: bytes


class Refused(Exception):
    """There is no such link."""

    def __init__(self, condition: str, description: str) -> None:
        super().__init__(description)
        self.error = Error(Symbol(condition), description)


class Link:
    """One direction, between a client and a node."""

    def __init__(self, session: "Session", attach: Attach) -> None:
        self.session = session
        self.broker = session.connection.broker
        self.handle = attach.handle
        self._attach = attach

    def attached(self) -> None:
        """Tell the client that the link is there."""
        limit = Ulong(self.broker.faults.max_message_size)
        self.session.send(replace(answer(self._attach), max_message_size=limit))

    def detached(self) -> None:
        """Let go of what the link holds."""


class Receiver(Link, ABC):
    """Takes what a client sends."""

    def __init__(self, session: "Session", attach: Attach) -> None:
        super().__init__(session, attach)
        self._count = attach.initial_delivery_count or Uint(0)
        self._credit = 0
        self._first: Transfer | None = None
        self._parts: list[bytes] = []

    def attached(self) -> None:
        super().attached()
        self._grant()

    def transfer(self, transfer: Transfer, payload: bytes) -> None:
        """Take a delivery, or a part of one."""
        first = self._first = self._first or transfer
        if first.delivery_id is None:
            raise ValueError("A delivery has no id")
        if transfer.delivery_id not in (None, first.delivery_id):
            raise ValueError("A delivery begins before another one ends")
        self._parts.append(payload)
        if transfer.more:
            return
        message, self._parts, self._first = b"".join(self._parts), [], None
        self._count = Uint(self._count + 1)
        self._credit -= 1
        # Not after each delivery: the SDK takes 40 ms before it looks at another frame.
        if self._credit < CREDIT / 2:
            self._grant()
        self.deliver(Delivery(first.delivery_id, first.message_format or 0, message))

    @abstractmethod
    def deliver(self, delivery: Delivery) -> None:
        """Do with *delivery* what the node does."""

    def _grant(self) -> None:
        self._credit = CREDIT
        self.session.grant(self.handle, delivery_count=self._count, credit=CREDIT)


class Sender(Link, ABC):
    """Gives a client what it grants credit for."""

    def __init__(self, session: "Session", attach: Attach) -> None:
        super().__init__(session, attach)
        self._count = 0
        self._credit = 0

    def flow(self, flow: Flow) -> None:
        """Take the credit that the client grants."""
        self._credit = (flow.delivery_count or 0) + (flow.link_credit or 0)
        self._credit -= self._count
        self.pump()

    def pump(self) -> None:
        """Send what there is, and may be sent."""
        while self._credit > 0 and self.session.window > 0:
            message = self.next()
            if message is None:
                return
            self.session.transfer(self.handle, message, tag=self._count)
            self._count += 1
            self._credit -= 1

    @abstractmethod
    def next(self) -> bytes | None:
        """The next message, encoded, if there is one."""


def answer(attach: Attach) -> Attach:
    """How this side attaches to the link that *attach* asks for."""
    return Attach(
        name=attach.name,
        handle=attach.handle,
        role=not attach.role,
        snd_settle_mode=attach.snd_settle_mode,
        rcv_settle_mode=Ubyte(0),
        source=attach.source and Source(attach.source.address),
        target=attach.target and Target(attach.target.address),
        initial_delivery_count=Uint(0) if attach.role else None,
    )


def refusal(attach: Attach) -> Attach:
    """How this side attaches before it detaches: with nothing at its end."""
    answered = answer(attach)
    if attach.role:
        return replace(answered, source=None)
    return replace(answered, target=None)
