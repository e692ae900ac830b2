"""Where finished runs go: one module each, with `build(settings) -> Sink | None`."""

import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence

import registry
from settings import Settings
from telemetry.records import Record


class Rejected(Exception):
    """A sink will never take these records, or not all at once.

    The message, which is logged, says why.
    """


class Unavailable(Exception):
    """A sink cannot take anything now; *retry_after* is in seconds.

    What it is raised from is logged by its class.
    """

    def __init__(self, message: str, *, retry_after: float = 0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Sink(ABC):
    """Sends records somewhere.

    A *queued* one is called in a thread of its own, with records that the journal holds
    until it has taken them. Any other is called once a run, at once and on the event
    loop: it must not block. *durable* says that what it has taken is safe, so that the
    journal may forget it.
    """

    queued = True
    durable = False

    def open(self) -> None:  # noqa: B027 -- most have nothing to open
        """Connect, so that the first run need not wait; it may fail."""

    @abstractmethod
    def emit(self, records: Sequence[Record]) -> None:
        """Send *records*: all of them, or raise before any has gone.

        Raises `Rejected` for what it will never take: several records then come again
        by halves, one is a dead letter. With `Unavailable` or an `OSError` the same
        records come again later, for as long as that takes. So they do with any other
        exception, but for a record with which it is raised again and again while others
        are taken: that one is a dead letter too.
        """

    def close(self) -> None:  # noqa: B027 -- most have nothing to close
        """Let go of what `open` or `emit` has opened."""


def build(settings: Settings) -> dict[str, Sink]:
    """The sinks that *settings* switch on, by name."""
    package = sys.modules[__name__]
    built = {
        name: registry.load(package, name).build(settings)
        for name in registry.names(package)
    }
    return {name: sink for name, sink in built.items() if sink is not None}
