"""Destinations of finished runs: one module each, `build(settings) -> Sink | None`."""

import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence

import registry
from settings import Settings
from telemetry.readings import Readings
from telemetry.records import Record


class Rejected(Exception):
    """A sink will never take these records, or not all at once.

    The message is the reason, and is logged.
    """


class Unavailable(Exception):
    """A sink cannot take anything now; *retry_after* is in seconds.

    The class of its `__cause__` is logged.
    """

    def __init__(self, message: str, *, retry_after: float = 0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Sink(ABC):
    """Sends records somewhere.

    A `queued` sink is called in a thread of its own, with records that the journal
    holds until the sink has taken them. One that is not queued is called once a run, at
    once and on the event loop: it must not block. Records have prompt and answer only
    if a sink is `durable`, and in the journal until all sinks have taken them.
    """

    queued = True
    durable = False
    measures = False
    """Whether what `watch` gives is looked at."""

    def watch(self, readings: Readings) -> None:  # noqa: B027 -- most look at nothing
        """What can be looked at, from any thread; given once, at start."""

    def open(self) -> None:  # noqa: B027 -- most have nothing to open
        """Connect, so that the first run need not wait; it may fail."""

    @abstractmethod
    def emit(self, records: Sequence[Record]) -> None:
        """Send *records*: all of them, or raise before any has gone.

        After `Rejected`, several records are sent again in halves; a single one becomes
        a dead letter. After `Unavailable` or an `OSError`, the same records are sent
        again later, for as long as that takes. So they are after any other exception;
        but a record that keeps raising it while others are taken becomes a dead letter.
        """

    def close(self) -> None:  # noqa: B027 -- most have nothing to close
        """Close connections; `emit` is not called any more."""


def build(settings: Settings) -> dict[str, Sink]:
    package = sys.modules[__name__]
    built = {
        name: registry.load(package, name).build(settings)
        for name in registry.names(package)
    }
    return {name: sink for name, sink in built.items() if sink is not None}
