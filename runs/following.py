"""The events of a run as they come to be in its log, from the first one on."""

import asyncio
from collections.abc import AsyncGenerator
from time import monotonic

from runs.instance import FOLLOWED_SECONDS
from runs.logs import Logs
from runs.pace import Pace
from runs.reading import LoggedRun, end_lost
from store import StoreError
from streaming import recorded
from streaming.errors import NotFound, RunLost, StoreUnavailable
from streaming.events import Done, Error, Event

WAIT_SECONDS = 1.0
"""Seconds to wait for a line before it is asked whether the run's process lives."""

PATIENCE_SECONDS = 30.0
"""Seconds for which a store may be down before a follower is let go."""


class Following:
    """Follows *run*; `number` is that of the event that was given last.

    `lost` is whether that belongs to the ending of a run whose process is gone, which
    is for whoever follows, whatever they have seen of the run. With a *pace* an event
    is given when it is due.
    """

    def __init__(self, logs: Logs, run: LoggedRun, pace: Pace | None = None) -> None:
        self._logs, self._run, self._pace = logs, run, pace
        self.number, self.lost = 0, False
        self._told_at = self._down_at = -float("inf")

    async def events(self) -> AsyncGenerator[Event]:
        """All events; raises `NotFound` if the log expires meanwhile."""
        lines, at = self._run.lines, self._run.size
        while True:
            for line in lines:
                if self._pace is not None:
                    await self._pace.until_due(self.number + 1, line)
                self.number += 1
                for event in recorded.events(line):
                    match event:
                        case Error(error=RunLost()):
                            self.lost = True
                    yield event
                if isinstance(event, Done):
                    return
            more = await self._more(at)
            lines, at = more.splitlines(), at + len(more)

    async def _more(self, at: int) -> bytes:
        """The next lines, of which there may be none yet."""
        header, logs = self._run.header, self._logs
        until = monotonic() + PATIENCE_SECONDS
        wait = min(WAIT_SECONDS, logs.instance.lease / 3)
        while monotonic() < until:
            try:
                await self._tell()
                more = await logs.store.read(header.run_id, at, wait=wait)
                if more is None:
                    raise NotFound("The run has expired.")
                if not more and not await self._lives():
                    await end_lost(logs, header, at)
                return more
            except StoreError:
                self._down_at = monotonic()
                await asyncio.sleep(wait)
        raise StoreUnavailable()

    async def _lives(self) -> bool:
        """Whether somebody writes the run's log, or may not have said so because the
        store was down."""
        just_up = monotonic() - self._down_at < self._logs.instance.lease
        return just_up or await self._logs.lives(self._run.header)

    async def _tell(self) -> None:
        """Tell whoever makes the run, before it forgets, that it is followed."""
        if (now := monotonic()) - self._told_at > FOLLOWED_SECONDS / 2:
            await self._logs.note_follower(self._run.header)
            self._told_at = now
