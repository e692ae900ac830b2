"""The links of an event hub: its producers' and its consumers'."""

import re
from typing import TYPE_CHECKING, assert_never

from tests.event_hubs.composites import (
    Accepted,
    DeliveryState,
    Error,
    Modified,
    Rejected,
    Released,
)
from tests.event_hubs.faults import Reject
from tests.event_hubs.links import Delivery, Receiver, Refused, Sender
from tests.event_hubs.performatives import Attach
from tests.event_hubs.store import Event, Hub, Partition
from tests.event_hubs.values import Described, Symbol

if TYPE_CHECKING:
    from tests.event_hubs.session import Session

_SELECTOR = re.compile(
    r"amqp\.annotation\.x-opt-(offset|sequence-number|enqueued-time) (>=?) '(.+)'"
)


class ProducerLink(Receiver):
    """Stores events, unless it is told not to."""

    def __init__(
        self, session: "Session", attach: Attach, *, hub: Hub, partition: str | None
    ) -> None:
        super().__init__(session, attach)
        self._hub = hub
        self._partition = partition

    def deliver(self, delivery: Delivery) -> None:
        """Store *delivery* and settle it, or do what was scripted."""
        if len(delivery.message) > self.broker.faults.max_message_size:
            self.detach("amqp:link:message-size-exceeded", "The message is too large.")
            return
        outcome = self.broker.faults.outcome(bytes(delivery.message))
        match outcome:
            case "accept":
                self._store(delivery)
                self._settle(delivery, Accepted())
            case "release":
                self._settle(delivery, Released())
            case "modify":
                self._settle(delivery, Modified())
            case Reject(condition, description):
                error = Error(Symbol(condition), description)
                self._settle(delivery, Rejected(error))
            case "never":
                pass
            case "detach":
                self.detach("amqp:link:detach-forced", "The link is force detached.")
            case "drop":
                self.session.connection.drop()
            case "store-drop":
                self._store(delivery)
                self.session.connection.drop()
            case "store-never":
                self._store(delivery)
            case _:
                assert_never(outcome)

    def detach(self, condition: str, description: str) -> None:
        """Detach the link with an error."""
        self.session.detach(self, Error(Symbol(condition), description))

    def _store(self, delivery: Delivery) -> None:
        self._hub.store(
            delivery.message,
            message_format=delivery.message_format,
            partition=self._partition,
        )

    def _settle(self, delivery: Delivery, state: DeliveryState) -> None:
        delay = self.broker.faults.settle_delay
        self.session.settle(delivery.id, state, delay=delay)


class ConsumerLink(Sender):
    """Sends the events of a partition, from where the client wants to start."""

    def __init__(
        self, session: "Session", attach: Attach, *, partition: Partition
    ) -> None:
        super().__init__(session, attach)
        self._partition = partition
        self._position = start(partition.events, selector(attach))

    def attached(self) -> None:
        super().attached()
        self._partition.consumers.add(self.pump)

    def detached(self) -> None:
        self._partition.consumers.discard(self.pump)

    def next(self) -> bytes | None:
        """The next event."""
        events = self._partition.events
        if self._position == len(events):
            return None
        event = events[self._position]
        self._position += 1
        return event.encode()


def selector(attach: Attach) -> str | None:
    """Which events the client asks for."""
    filters = (attach.source and attach.source.filter) or {}
    match filters.get("apache.org:selector-filter:string"):
        case Described(value=bytes(selector)):
            return selector.decode()
        case Described(value=str(selector)):
            return selector
        case _:
            return None


def start(events: list[Event], selector: str | None) -> int:
    """The position of the first of *events* that *selector* selects."""
    if selector is None or selector.endswith("'@latest'"):
        return len(events)
    match = _SELECTOR.fullmatch(selector)
    if match is None:
        raise Refused("amqp:not-implemented", f"The selector is {selector}")
    annotation, comparison, text = match.groups()
    bound = int(text) + (comparison == ">")
    after = (
        event.sequence_number for event in events if _of(event, annotation) >= bound
    )
    return next(after, len(events))


def _of(event: Event, annotation: str) -> int:
    match annotation:
        case "offset":
            return event.offset
        case "sequence-number":
            return event.sequence_number
        case _:
            return event.enqueued_time
