"""`Appender` adds records to the journal in a thread of its own: a slow disk holds up
only what waits for it."""

import asyncio
import threading
from contextlib import suppress
from queue import Empty, SimpleQueue
from time import monotonic

from runs.recording import Recording
from telemetry.journal import MAX_WAITING_BYTES, Journal

SLOW_SECONDS = 1.0
"""A write that takes longer is one that the disk does not take."""

_Items = list[tuple[bytes, asyncio.Future[None]]]


class Appender:
    """One thread for all runs: what has come during a write goes with the next.

    To wake it costs more than the write. So what comes in one turn of the event loop is
    handed on together, and the loop is told once a write.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._turn: _Items = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queue = SimpleQueue[_Items | None]()
        # Each is changed by one thread alone: no lock is needed for a sum.
        self._bytes_put = self._bytes_done = self._put = self._done = 0
        self._busy_since: float | None = None
        self._thread = threading.Thread(
            target=self._run, name="telemetry-appender", daemon=True
        )
        self._thread.start()

    def put(self, line: bytes) -> Recording:
        """What is done once *line* is on disk or waits for room there.

        Called on an event loop: elsewhere, and after `stop`, *line* is written at once.
        """
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            loop = None
        if loop is None or not self._thread.is_alive():
            self._journal.append(line)
            return None
        if self._bytes_put - self._bytes_done + len(line) > MAX_WAITING_BYTES:
            self._journal.lose("too many wait for the disk")
            return None
        if not self._turn or loop is not self._loop:
            self._loop = loop
            loop.call_soon(self._hand_on)
        written = loop.create_future()
        self._turn.append((line, written))
        self._bytes_put += len(line)
        self._put += 1
        return written

    def _hand_on(self) -> None:
        items, self._turn = self._turn, []
        self._queue.put(items)

    @property
    def waiting(self) -> int:
        """How many records wait for a write that takes too long."""
        since = self._busy_since
        slow = since is not None and monotonic() - since > SLOW_SECONDS
        return self.unwritten if slow else 0

    @property
    def unwritten(self) -> int:
        return self._put - self._done

    def stop(self, seconds: float) -> None:
        """Write what has come, for *seconds* at most."""
        self._hand_on()
        self._queue.put(None)
        self._thread.join(seconds)

    def _run(self) -> None:
        ended = False
        while not ended:
            each = [self._queue.get()]
            with suppress(Empty):
                while True:
                    each.append(self._queue.get_nowait())
            ended = None in each
            if items := [item for some in each for item in some or ()]:
                self._write(items)

    def _write(self, items: _Items) -> None:
        self._busy_since = monotonic()
        self._journal.append(*(line for line, _ in items))
        self._busy_since = None
        self._bytes_done += sum(len(line) for line, _ in items)
        self._done += len(items)
        for loop in {written.get_loop() for _, written in items}:
            with suppress(RuntimeError):  # It is closed.
                loop.call_soon_threadsafe(_tell, items, loop)


def _tell(items: _Items, loop: asyncio.AbstractEventLoop) -> None:
    for _, written in items:
        if written.get_loop() is loop and not written.done():
            written.set_result(None)
