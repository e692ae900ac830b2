"""`Appender` adds records to the journal in a thread of its own: a slow disk holds up
only what waits for it."""

import threading
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from time import monotonic

from telemetry.journal import MAX_WAITING_BYTES, Journal

SLOW_SECONDS = 1.0
"""A write that takes longer is one that the disk does not take."""


class Appender:
    """One thread for all runs: what has come during a write goes with the next."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._queue = SimpleQueue[tuple[bytes, Future[None]] | None]()
        # Each is changed by one thread alone: no lock is needed for a sum.
        self._bytes_put = self._bytes_done = self._put = self._done = 0
        self._busy_since: float | None = None
        self._thread = threading.Thread(
            target=self._run, name="telemetry-appender", daemon=True
        )
        self._thread.start()

    def put(self, line: bytes) -> Future[None]:
        """What is done once *line* is on disk, waits for room there or is lost.

        Called by one thread alone. After `stop`, *line* is written before this returns.
        """
        written = Future[None]()
        if not self._thread.is_alive():
            self._journal.append(line)
        elif self._bytes_put - self._bytes_done + len(line) > MAX_WAITING_BYTES:
            self._journal.lose("too many wait for the disk")
        else:
            self._bytes_put += len(line)
            self._put += 1
            self._queue.put((line, written))
            return written
        written.set_result(None)
        return written

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
        self._queue.put(None)
        self._thread.join(seconds)

    def _run(self) -> None:
        ended = False
        while not ended:
            items = [self._queue.get()]
            with suppress(Empty):
                while True:
                    items.append(self._queue.get_nowait())
            self._write([item for item in items if item is not None])
            ended = None in items

    def _write(self, items: list[tuple[bytes, Future[None]]]) -> None:
        self._busy_since = monotonic()
        self._journal.append(*(line for line, _ in items))
        self._busy_since = None
        self._bytes_done += sum(len(line) for line, _ in items)
        self._done += len(items)
        for _, written in items:
            written.set_result(None)
