"""How long a run may take: each limit with its own error."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from time import monotonic

from runs.meter import Meter
from streaming.errors import ChatError, DeadlineExceeded, InternalError
from streaming.events import Progress
from streaming.upstream_errors import UpstreamStall, UpstreamTimeout

UNSTREAMED_SECONDS = 220
"""Seconds for an answer that does not stream: load balancers cut silence at 230."""

MIN_SECONDS = 0.05
"""Check again after at least this many seconds if a limit passes outside a wait."""

REPEAT_SECONDS = 1.0
"""Seconds a cancelled chain has for its cleanup before it is cancelled again."""


@dataclass(frozen=True, slots=True)
class Limits:
    """All in seconds."""

    peek: float = 3
    keep_alive: float = 15
    first_token: float = 230
    stall: float = 60
    deadline: float = 280

    @property
    def unstreamed(self) -> "Limits":
        return replace(self, deadline=min(self.deadline, UNSTREAMED_SECONDS))


async def limit[T](
    items: AsyncGenerator[T],
    limits: Limits,
    progress: Progress,
    *,
    started: float,
    meter: Meter | None = None,
) -> AsyncGenerator[T]:
    """Pass *items* on until a limit passes, then close them and raise its error.

    The next item is not waited for before *meter* has been paid.

    *started* is `time.monotonic()` of the request's arrival. Time in which the reader
    is too slow to take the next item counts for the deadline alone.

    Raises `UpstreamTimeout`, `UpstreamStall` or `DeadlineExceeded`.
    """
    alarm, meter = _Alarm(limits, progress, started), meter or Meter()
    try:
        async with aclosing(items):
            while True:
                alarm.wait()
                try:
                    if meter.written >= meter.mark:
                        await meter.pay()
                    item = await anext(items)
                except (asyncio.CancelledError, ChatError, StopAsyncIteration) as exc:
                    # A chain that is told to stop may also end, or raise its own error.
                    if error := alarm.explain(exc):
                        raise error from None
                    if isinstance(exc, StopAsyncIteration):
                        return
                    raise
                alarm.heard()
                yield item
    finally:
        alarm.stop()


class _Alarm:
    """Cancels the task that waits for the next item once a limit has passed.

    Unlike `asyncio.timeout`, it is set once for each stream and checks its limits when
    it rings: a token costs two attributes, not a timer. It rings again if the chain
    ignores it.
    """

    def __init__(self, limits: Limits, progress: Progress, started: float) -> None:
        self._late = DeadlineExceeded()
        self._error: ChatError = self._late
        self._rings = 0
        self._limits, self._progress, self._started = limits, progress, started
        self._waiting = False
        self._since, self._active_at = monotonic(), progress.active_at
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._timer = self._loop.call_later(0, self._ring)

    def wait(self) -> None:
        """Start to wait for the next item; raises if the deadline has passed."""
        now, active_at = monotonic(), self._progress.active_at
        if now >= self._started + self._limits.deadline:
            raise self._late
        if active_at != self._active_at:  # Else what came was no sign of life.
            self._active_at, self._since = active_at, now
        self._waiting = True

    def heard(self) -> None:
        self._waiting = False

    def explain(self, ending: BaseException) -> ChatError | None:
        """The limit that made a chain end with *ending*, if any did."""
        task = self._task
        if task is None:
            return None
        for _ in range(self._rings):
            task.uncancel()
        if task.cancelling():
            # Either the caller has left, or there is an ending to send.
            if stopped := self._progress.stopped_by:
                task.uncancel()
            return stopped
        if self._rings:
            return self._error
        if isinstance(ending, asyncio.CancelledError):
            return InternalError("The chain gave up.")  # A task of its was cancelled.
        return None

    def stop(self) -> None:
        self._timer.cancel()

    def _ring(self) -> None:
        due, error = min(self._due(), key=lambda pair: pair[0])
        left = due - monotonic()
        if left <= 0 and self._waiting and self._task is not None:
            self._error = error
            self._rings += 1
            self._task.cancel()
            left = REPEAT_SECONDS
        # A first token, or a tool's end, brings a limit nearer than the one looked at.
        left = min(max(left, MIN_SECONDS), self._limits.stall)
        self._timer = self._loop.call_later(left, self._ring)

    def _due(self) -> list[tuple[float, ChatError]]:
        due: list[tuple[float, ChatError]] = [
            (self._started + self._limits.deadline, self._late)
        ]
        if not self._progress.spoken:
            late = UpstreamTimeout("The model did not begin to answer in time.")
            due.append((self._started + self._limits.first_token, late))
        elif not self._progress.tools_running:
            stalled = UpstreamStall()
            quiet_since = max(self._since, self._progress.active_at)
            due.append((quiet_since + self._limits.stall, stalled))
        return due
