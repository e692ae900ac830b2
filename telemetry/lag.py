"""How late the event loop is: what holds it up holds up every stream."""

import asyncio
from time import monotonic

INTERVAL_SECONDS = 0.5


class LoopLag:
    """A timer that looks how late it rings."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._due = self._worst = 0.0

    def watch(self) -> None:
        """Measure the running loop from now on, if there is one."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        if loop is not self._loop:
            self._loop, self._worst = loop, 0.0
            self._wind(loop)

    def _wind(self, loop: asyncio.AbstractEventLoop) -> None:
        self._due = monotonic() + INTERVAL_SECONDS
        loop.call_later(INTERVAL_SECONDS, self._ring, loop)

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        if loop is self._loop:
            self._worst = max(self._worst, monotonic() - self._due)
            self._wind(loop)

    def take(self) -> float | None:
        """The most seconds since the last call, a delay that still lasts included."""
        if self._loop is None or self._loop.is_closed():
            return None
        worst, self._worst = self._worst, 0.0
        return max(worst, monotonic() - self._due, 0.0)
