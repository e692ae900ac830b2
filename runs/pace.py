"""When the events of a run are due that is shown again in its own time."""

import asyncio
from time import monotonic

from streaming import recorded


class Pace:
    """That of the run, *speed* times as fast, from the event after *after* on."""

    def __init__(self, speed: float, after: int) -> None:
        self._speed, self._after = speed, after
        self._began = monotonic()

    async def until_due(self, number: int, line: bytes) -> None:
        """Wait until the event of a log's *line* is to be shown."""
        due = recorded.time_of(line) / 1000 / self._speed
        if number <= self._after:
            self._began = monotonic() - due
        else:
            await asyncio.sleep(self._began + due - monotonic())
