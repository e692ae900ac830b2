"""The log of one run while it is written: noted at once, stored in batches."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

from runs import Run
from runs.header import Header
from runs.instance import FOLLOWED_SECONDS
from runs.last_events import last_events, lost_lines
from store import Conflict, Store, StoreError
from streaming import recorded
from streaming.events import Event
from streaming.recorded import Noted

log = logging.getLogger(__name__)

MAX_WAITING = 1024 * 1024
"""Bytes of a log that may wait for a store that takes nothing; then it is given up."""

MAX_AT_ONCE = 8 * MAX_WAITING
"""Bytes that may wait while the store is at work: it takes what came, or fails soon."""

MAX_APPEND = 1024 * 1024
"""Bytes that are stored at once; a line that is longer is stored alone."""

UNFOLLOWED_SECONDS = 2.0
"""Seconds between two batches of a run that nobody follows."""

MOST_LINES = 64 * 1024
"""Bytes of lines that wait at most for such a batch."""

END_SECONDS = 1.0
"""Seconds that an answer's ending waits for the store to have all of its run."""

RETRY_SECONDS = 60.0
"""Seconds after its end in which a log is still offered to a store that is down."""


class RunLog:
    """What *run* has shown, as lines in the log of its id in *store*.

    `note` costs a token next to nothing: it becomes a line a moment later. What the
    chain may still change has to be encoded at once. A log that is `lost` is
    written no more, as it would have a gap. *due* is called once there is something
    that should be stored soon.
    """

    def __init__(
        self,
        run: Run,
        header: Header,
        store: Store,
        retention: float,
        due: Callable[["RunLog"], None],
    ) -> None:
        self.run, self.header = run, header
        self._store, self._retention, self._tell = store, retention, due
        self._lines = bytearray(header.line())
        self._noted: list[Noted] = []
        self.note = self._noted.append
        self._at = 0
        self._stored_at = monotonic()
        self._followed_until = 0.0
        self._ended_at: float | None = None
        self._complete = False
        self._writing = asyncio.Lock()
        self.chat: str | None = None
        self.begun = self.written = self.lost = False

    @property
    def ended(self) -> bool:
        """Whether the last event is noted; it may still have to be stored."""
        return self._ended_at is not None

    @property
    def over(self) -> bool:
        """Whether nothing more will be stored."""
        late = self._ended_at is not None and (
            monotonic() - self._ended_at > RETRY_SECONDS
        )
        return self.written or late or (self.lost and self.ended)

    def is_due(self) -> bool:
        """Whether the next batch shall have what is new of this log."""
        now = monotonic()
        return (
            now - self._stored_at >= UNFOLLOWED_SECONDS
            or now < self._followed_until
            or self.ended
            or len(self._lines) > MOST_LINES
        )

    def note_follower(self) -> None:
        self._followed_until = monotonic() + FOLLOWED_SECONDS

    def begin(self) -> None:
        self.begun = True
        self._tell(self)

    async def end(self, events: list[Event]) -> None:
        """Note the last *events*, and give the store a second to have all of them."""
        self._note_last(events)
        if self.lost:
            return
        # A store that is this process's own is not waited for.
        loop = asyncio.get_running_loop()
        writing = asyncio.Task(self.flush(), loop=loop, eager_start=True)
        writing.add_done_callback(_passed_over)
        if not writing.done():
            await asyncio.wait({writing}, timeout=END_SECONDS)
        if not self.written:
            self.run.kept = False

    def drop(self) -> None:
        """Store nothing more: the log is deleted, and what came now would stay."""
        self.lost = self.written = True
        self._lines.clear()

    def close(self) -> None:
        """Note the ending of a run that was broken off."""
        if not self.ended:
            self._note_last(last_events(self.run))
            self._tell(self)

    async def end_lost(self) -> None:
        """Have what is stored end, as nothing more will be; raises `StoreError`."""
        if self._at:
            lines = lost_lines(self.run.id, self.run.chain)
            with suppress(Conflict):  # Somebody else has ended it.
                await self._store.append(
                    self.run.id, lines, at=self._at, keep=self._retention
                )

    def _note_last(self, events: list[Event]) -> None:
        self._ended_at = now = monotonic()
        self._noted += [(now, event) for event in events]

    async def flush(self) -> None:
        """Store what was noted; raises `StoreError`."""
        async with self._writing:
            self.encode()
            try:
                while self._lines and not self.lost:
                    await self._append(self._first_lines())
                self._stored_at = monotonic()
            except StoreError:
                self.give_up_if_behind(MAX_WAITING)
                self._stored_at = 0.0
                raise

    def _first_lines(self) -> bytes:
        if len(self._lines) <= MAX_APPEND:
            return bytes(self._lines)
        end = self._lines.rfind(b"\n", 0, MAX_APPEND)
        if end < 0:
            end = self._lines.index(b"\n")
        return bytes(self._lines[: end + 1])

    async def _append(self, lines: bytes) -> None:
        last = self._complete and len(lines) == len(self._lines)
        keep = self._retention if last else None
        try:
            await self._store.append(self.run.id, lines, at=self._at, keep=keep)
            there = lines
        except Conflict:
            # An append that has timed out may have arrived all the same.
            found = await self._store.read(self.run.id, self._at)
            if found is None:
                self._give_up("the store has what was stored of it no more")
                return
            if not found or not lines.startswith(found):
                self._give_up("somebody else has ended it")
                return
            there = found
        self._at += len(there)
        del self._lines[: len(there)]
        self.written = self._complete and not self._lines

    def encode(self) -> int:
        """Turn what was noted into lines; how many events that were."""
        noted = self._noted[:]
        self._noted.clear()
        if self.lost:
            return 0
        started, status = self.run.timing.started, str(self.run.status)
        try:
            self._lines += recorded.lines(noted, started=started, status=status)
        except Exception as exc:  # A chain may send anything.
            self._give_up(type(exc).__name__)
        self._complete = self.ended
        return len(noted)

    def give_up_if_behind(self, most: int) -> None:
        """Keep no more of a run of which more than *most* bytes wait for the store."""
        if len(self._lines) > most and not self.lost:
            self._give_up("the store takes nothing")

    def _give_up(self, reason: str) -> None:
        log.error("run %s is not kept: %s", self.run.id, reason)
        self.lost, self.run.kept = True, False
        self._lines.clear()


def _passed_over(writing: asyncio.Task[None]) -> None:
    """Whoever flushes next sees the same failure, and counts it."""
    if not writing.cancelled():
        writing.exception()
