"""`Hub`: events in partitions, and who waits for them."""

import itertools
import json
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.event_hubs.message import Message
from tests.event_hubs.values import Long, Timestamp

BATCH_FORMAT = 0x80013700
"""Each of the message's data sections is a message."""


@dataclass(frozen=True, slots=True)
class Event:
    """A stored event."""

    partition: str
    sequence_number: int
    offset: int
    enqueued_time: int
    """In milliseconds since 1970."""
    message: Message

    @property
    def body(self) -> bytes:
        """The body, whatever it is."""
        return b"".join(self.message.data)

    @property
    def message_id(self) -> object:
        """What consumers may tell duplicates by."""
        return self.message.message_id

    @property
    def properties(self) -> dict[str, object]:
        """The application properties."""
        return self.message.application_properties

    def json(self) -> object:
        """The body, decoded."""
        return json.loads(self.body)

    def encode(self) -> bytes:
        """The event as a consumer gets it."""
        return self.message.annotated(
            {
                "x-opt-sequence-number": Long(self.sequence_number),
                "x-opt-offset": str(self.offset),
                "x-opt-enqueued-time": Timestamp(self.enqueued_time),
            }
        )


@dataclass(slots=True)
class Partition:
    """Events in the order of their sequence numbers."""

    name: str
    events: list[Event] = field(default_factory=list)
    size: int = 0
    consumers: set[Callable[[], None]] = field(default_factory=set)
    """They are called when there are more events."""

    def append(self, message: Message, size: int) -> Event:
        """Store *message*, which has *size* octets."""
        event = Event(
            partition=self.name,
            sequence_number=len(self.events),
            offset=self.size,
            enqueued_time=time.time_ns() // 1_000_000,
            message=message,
        )
        self.events.append(event)
        self.size += size
        return event


class Hub:
    """An event hub; its loop stores, and any thread may read."""

    def __init__(self, name: str, partitions: int) -> None:
        self.name = name
        self.created_at = time.time_ns() // 1_000_000
        self.partitions = {str(i): Partition(str(i)) for i in range(partitions)}
        self._events: list[Event] = []
        self._stored = threading.Condition()
        self._turns = itertools.count()

    def store(
        self, encoded: bytes, *, message_format: int, partition: str | None
    ) -> None:
        """Store a message, or each message of a batch."""
        outer = Message.decode(encoded)
        chosen = self._choose(partition, outer.annotations.get("x-opt-partition-key"))
        batch = outer.data if message_format == BATCH_FORMAT else [encoded]
        with self._stored:
            for each in batch:
                event = chosen.append(Message.decode(each), len(each))
                self._events.append(event)
            self._stored.notify_all()
        for consumer in list(chosen.consumers):
            consumer()

    def events(self) -> list[Event]:
        """What is stored, the oldest first."""
        with self._stored:
            return list(self._events)

    def wait_for(self, count: int, seconds: float) -> list[Event]:
        """What is stored once there are *count*, or `TimeoutError`."""
        with self._stored:
            if not self._stored.wait_for(lambda: len(self._events) >= count, seconds):
                found = len(self._events)
                raise TimeoutError(f"{self.name} has {found} events, not {count}")
            return list(self._events)

    def _choose(self, name: str | None, key: object) -> Partition:
        """A partition by its *name*, by *key*, or each in its turn."""
        if name is not None:
            return self.partitions[name]
        turn = next(self._turns) if key is None else zlib.crc32(str(key).encode())
        return self.partitions[str(turn % len(self.partitions))]
