"""`Session`: links, and how many frames may be sent.

See: https://docs.oasis-open.org/amqp/core/v1.0/os/amqp-core-transport-v1.0-os.html
"""

import asyncio
import struct
from typing import TYPE_CHECKING

from tests.event_hubs import nodes
from tests.event_hubs.composites import Composite, DeliveryState, Error
from tests.event_hubs.frames import Frame
from tests.event_hubs.links import Link, Receiver, Refused, Sender, refusal
from tests.event_hubs.performatives import (
    Attach,
    Begin,
    Detach,
    Disposition,
    Flow,
    Transfer,
)
from tests.event_hubs.values import Uint, Ushort

if TYPE_CHECKING:
    from tests.event_hubs.connection import Connection

WINDOW = Uint(5000)
HANDLE_MAX = Uint(255)

_OVERHEAD = 64  # More than a frame has beside its payload.


class Session:
    """A client's session on a channel of a connection."""

    def __init__(self, connection: "Connection", channel: int, begin: Begin) -> None:
        self.connection = connection
        self.links: dict[int, Link] = {}
        self.window: int = begin.incoming_window
        """How many more frames with messages the client takes."""
        self._channel = channel
        self._incoming = begin.next_outgoing_id
        self._outgoing = Uint(0)
        # Without a `handle_max`, which may be left out, the SDK fails.
        self.send(Begin(Ushort(channel), Uint(0), WINDOW, WINDOW, HANDLE_MAX))

    def send(self, performative: Composite, payload: bytes = b"") -> None:
        """Send a frame."""
        self.connection.send(Frame(self._channel, performative, payload))

    def received(self, performative: Composite, payload: bytes) -> None:
        """Do as the client says."""
        match performative:
            case Attach():
                self._attach(performative)
            case Flow():
                self._flow(performative)
            case Transfer(handle=handle):
                self._incoming = Uint(self._incoming + 1)
                link = self.links.get(handle)
                # What was under way when the link was detached is nobody's.
                if isinstance(link, Receiver):
                    link.transfer(performative, payload)
            case Detach(handle=handle):
                # Not so if it answers a detach that came from here.
                if link := self.links.pop(handle, None):
                    link.detached()
                    self.send(Detach(handle, closed=bool(performative.closed)))
            case Disposition():
                pass  # What is sent from here is settled.
            case _:
                raise ValueError(f"A session has no {performative!r}")

    def detach(self, link: Link, error: Error) -> None:
        """Detach *link* from this side."""
        del self.links[link.handle]
        link.detached()
        self.send(Detach(link.handle, closed=True, error=error))

    def grant(self, handle: Uint, *, delivery_count: Uint, credit: Uint) -> None:
        """Let the client send *credit* messages more."""
        self.send(
            Flow(
                next_incoming_id=self._incoming,
                incoming_window=WINDOW,
                next_outgoing_id=self._outgoing,
                outgoing_window=WINDOW,
                handle=handle,
                delivery_count=delivery_count,
                link_credit=credit,
            )
        )

    def settle(self, delivery: Uint, state: DeliveryState, delay: float = 0) -> None:
        """Tell the client what became of its *delivery*."""
        disposition = Disposition(
            role=True, first=delivery, last=delivery, settled=True, state=state
        )
        if delay:
            asyncio.get_running_loop().call_later(delay, self.send, disposition)
        else:
            self.send(disposition)

    def transfer(self, handle: Uint, message: bytes, *, tag: int) -> None:
        """Send *message*, in as many frames as it takes."""
        room = self.connection.max_frame_size - _OVERHEAD
        delivery = self._outgoing
        for start in range(0, len(message), room):
            transfer = Transfer(
                handle=handle,
                delivery_id=delivery,
                delivery_tag=struct.pack(">I", tag),
                message_format=Uint(0),
                settled=True,
                more=start + room < len(message),
            )
            self.send(transfer, message[start : start + room])
            self._outgoing = Uint(self._outgoing + 1)
            self.window -= 1

    def ended(self) -> None:
        """Let go of every link."""
        for link in self.links.values():
            link.detached()
        self.links.clear()

    def _attach(self, attach: Attach) -> None:
        try:
            link = nodes.link(self, attach)
        except Refused as refused:
            # A link is refused by attaching to nothing, and detaching.
            self.send(refusal(attach))
            self.send(Detach(attach.handle, closed=True, error=refused.error))
            return
        if link is not None:
            self.links[attach.handle] = link
            link.attached()

    def _flow(self, flow: Flow) -> None:
        self.window = (flow.next_incoming_id or 0) + flow.incoming_window
        self.window -= self._outgoing
        for link in list(self.links.values()):
            if not isinstance(link, Sender):
                continue
            if link.handle == flow.handle:
                link.flow(flow)
            elif flow.handle is None:
                link.pump()
