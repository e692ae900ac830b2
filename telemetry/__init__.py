"""Beside the stream, never in its way: each run is measured, ended and recorded."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Protocol

from streaming.errors import (
    ChatError,
    DeadlineExceeded,
    InternalError,
    UpstreamIncomplete,
)
from streaming.events import Error, Event
from telemetry.runs import Run

if TYPE_CHECKING:
    from telemetry.callback import TelemetryCallback

log = logging.getLogger(__name__)


class Sink(Protocol):
    """Sends finished runs somewhere; it may fail."""

    def emit(self, runs: Sequence[Run]) -> None:
        """Take *runs*; must not block."""


class Telemetry:
    """Measures runs and hands each finished one to every sink."""

    def __init__(self, sinks: Sequence[Sink]) -> None:
        self._sinks = tuple(sinks)

    def callbacks(self, run: Run) -> "list[TelemetryCallback]":
        """The LangChain callbacks that fill in *run*."""
        # LangChain is imported with the first chain, not at start.
        from telemetry.callback import TelemetryCallback

        return [TelemetryCallback(run)]

    async def record(
        self, events: AsyncGenerator[Event], run: Run
    ) -> AsyncGenerator[Event]:
        """Pass *events* on, then end them with `Usage` and exactly one `Done`.

        A `ChatError` becomes `Error` first. Every run is emitted once, however it
        ended, and before its `Done`.
        """
        error: ChatError | None = None
        try:
            async with aclosing(events):
                async for event in events:
                    run.see(event)
                    yield event
            if run.cut:
                error = UpstreamIncomplete("The model's answer broke off.")
        except ChatError as exc:
            error = exc
        except (asyncio.CancelledError, GeneratorExit):
            run.finish(cancelled=True)
            self.emit(run)
            raise
        except Exception as exc:  # A bug of ours: even so the stream has its ending.
            log.error("request %s: %s", run.request_id, type(exc).__name__)
            error = InternalError("Something went wrong here.")
        run.finish(error)
        self.emit(run)
        if error is not None and not isinstance(error, DeadlineExceeded):
            yield Error(run.deployment, error)
        yield run.usage
        yield run.done()

    def emit(self, run: Run) -> None:
        """Hand the finished *run* to every sink."""
        for sink in self._sinks:
            try:
                sink.emit([run])
            except (
                Exception
            ) as exc:  # A sink may fail, and independently of the others.
                log.error("%s: %s", type(sink).__name__, type(exc).__name__)
