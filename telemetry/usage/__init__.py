"""What runs used: an aggregate of seven days, and the record of one run."""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from time import sleep, time

from telemetry import records
from telemetry.records import Record
from telemetry.usage import finished, past
from telemetry.usage.finished import FinishedRun
from telemetry.usage.week import By as By
from telemetry.usage.week import Found as Found
from telemetry.usage.week import Over as Over
from telemetry.usage.week import Week
from telemetry.usage.week import Whose as Whose

log = logging.getLogger(__name__)

MAX_ARRIVED = 10_000
"""Runs that may wait to be counted while a report is made; the oldest are left out."""

MAX_SEEN = 1_000_000
"""Ids that are remembered while the journal is read, so that none is counted twice."""

PAUSE_SECONDS = 0.001
"""A pause after each batch of the journal, in which the event loop has its turn."""


class Ledger:
    """Counts each finished run, and once `start` is called the runs in *folder*.

    The event loop never waits: a run that is finished while a thread reads or reports
    is counted by that thread.
    """

    def __init__(self, folder: Path, now: Callable[[], float] = time) -> None:
        self._folder, self._week = folder, Week(now)
        self._arrived = deque[FinishedRun](maxlen=MAX_ARRIVED)
        self._lock, self._asked = threading.Lock(), asyncio.Lock()
        self._seen: set[int] | None = None
        self._stopped = False

    @property
    def reads(self) -> bool:
        """Whether the journal is still being read."""
        return self._seen is not None

    def start(self) -> threading.Thread:
        """Read the journal in a thread. Call it before the first run."""
        self._seen = set()
        reading = threading.Thread(
            target=self._read, name="telemetry-usage", daemon=True
        )
        reading.start()
        return reading

    def stop(self) -> None:
        self._stopped = True

    def add(self, record: Mapping[str, object]) -> None:
        """Count the run of *record*, before that is in the journal."""
        if (run := finished.read(record)) is None:
            return
        self._arrived.append(run)
        if self._lock.acquire(blocking=False):
            try:
                self._take_arrived()
            finally:
                self._lock.release()

    def _take_arrived(self) -> None:
        while self._arrived:
            self._count(self._arrived.popleft())

    def _count(self, run: FinishedRun) -> None:
        if self._seen is not None:
            if (seen := hash(run.id)) in self._seen:
                return
            if len(self._seen) < MAX_SEEN:
                self._seen.add(seen)
        self._week.add(run)

    def _read(self) -> None:
        try:
            self._read_past()
        except Exception as exc:  # Its text may quote a record.
            log.error("usage of the past: %s", type(exc).__name__)
        with self._lock:
            self._take_arrived()
            self._seen = None

    def _read_past(self) -> None:
        for lines in past.batches(self._folder):
            runs = [run for line in lines if (run := _run(line)) is not None]
            with self._lock:
                # What is on disk of this process's own has arrived before.
                self._take_arrived()
                for run in runs:
                    self._count(run)
            if self._stopped:
                return
            sleep(PAUSE_SECONDS)

    async def report(
        self, since: float, by: By, *, whose: Whose, over: Over | None = None
    ) -> Found:
        async with self._asked:  # One takes a thread, however many ask.
            return await asyncio.to_thread(self._report, since, by, whose, over)

    def _report(self, since: float, by: By, whose: Whose, over: Over | None) -> Found:
        with self._lock:
            self._take_arrived()
            return self._week.report(since, by, whose=whose, over=over)

    async def run(self, id_: str, *, whose: Whose) -> Record | None:
        """The record of one of *whose* runs, without content, from the journal."""
        async with self._asked:
            found = await asyncio.to_thread(past.find, self._folder, id_)
        theirs = found is not None and (
            whose.everyones or found.get("principal") == whose.principal
        )
        return found if theirs else None


def _run(line: bytes) -> FinishedRun | None:
    try:
        return finished.read(records.loads(line))
    except (ValueError, RecursionError):
        return None
