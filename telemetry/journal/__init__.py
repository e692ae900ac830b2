"""The durable queue between runs and sinks: a record is on disk before `done` is sent.

Records that come together are appended to a file with one write, and no `fsync`, which
takes milliseconds and up: they survive the process, however that ends, but not the
machine. The next process adopts the files that a process leaves behind.
"""

import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import monotonic, time

from telemetry.journal.dead_letters import DeadLetters
from telemetry.journal.delivered import Delivered
from telemetry.journal.folder import prepare, segments_in, sweep
from telemetry.journal.segments import Batch, Segment, sinks_of
from telemetry.journal.unwritten import Unwritten
from telemetry.journal.waiting import Waiting
from telemetry.notices import Notices

SEGMENT_BYTES = 16 * 1024 * 1024
MAX_BYTES = 512 * 1024 * 1024
"""The size of all files together; a record beyond it is lost."""

MAX_AGE_SECONDS = 7 * 86_400
PATIENCE_SECONDS = 3600
"""Seconds for which a process tries to deliver records that are too old."""

SEGMENT_SECONDS = 6 * 3600
"""The age at which a segment is ended. Only an ended one expires, so its records are
removed that much later at most; an outage of a week holds 28 descriptors."""

MAX_WAITING_BYTES = 16 * 1024 * 1024
"""The size of the records that may wait in memory while the disk is full."""

WRITE_BYTES = 256 * 1024
"""Bytes of records to write at once."""

TIDY_SECONDS = 60
BATCH_BYTES = 200_000
BATCH_RECORDS = 64


class Journal:
    """Appends records to *folder*, and gives each of *sinks* all of them.

    What every sink has taken stays until it is too old or the files too large, without
    prompt and answer unless *keep*. Raises `OSError` if *folder* cannot be used.
    """

    def __init__(
        self,
        folder: Path,
        sinks: Sequence[str],
        *,
        keep: bool,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.folder, self._sinks, self._keep = folder, tuple(sinks), keep
        self._max_bytes = max_bytes
        prepare(folder)
        self._dead, self._delivered = DeadLetters(folder), Delivered(folder)
        self._lock = threading.Lock()
        self._tidying = threading.Lock()
        self._wakes: list[threading.Event] = []
        self._waiting, self.waiting = Waiting(), 0
        self.notices, self.lost = Notices(), 0
        self._kept: set[Path] = set()
        self._segments: list[Segment] = []
        self._active: Segment | None = None
        self._unwritten: Unwritten | None = None
        sweep(folder)
        self._adopt()
        self._bytes = self._measure()
        self._closing, self._untidy = False, threading.Event()
        tidying = threading.Thread(
            target=self._tidy_now_and_then, name="telemetry-journal", daemon=True
        )
        tidying.start()

    def append(self, *lines: bytes) -> None:
        """Write *lines*, those that find no room later; this never raises.

        What memory has no room for either is lost.
        """
        with self._lock:
            for line in lines:
                self._waiting.put(line + b"\n")
            self._write()
            for _ in lines:
                if why := self._has_no_room():
                    self._waiting.drop_last()
                    self.lose(why)
            self.waiting = len(self._waiting)
        self._wake()

    def _wake(self) -> None:
        for wake in self._wakes:
            wake.set()

    def wake(self, event: threading.Event) -> None:
        self._wakes.append(event)

    def read(self, sink: str) -> Batch | None:
        return next(self.ahead(sink), None)

    def ahead(self, sink: str, batches: int = 1) -> Iterator[Batch]:
        """What *sink* has not taken, oldest first: *batches* of each segment."""
        size, count = BATCH_BYTES * batches, BATCH_RECORDS * batches
        for segment in list(self._segments):
            if segment.left(sink) > 0:
                batch = segment.read(sink, max_bytes=size, max_lines=count)
                if batch is not None:
                    yield batch
                elif segment.sealed:  # Half a line, of a process that was killed.
                    segment.advance(sink, segment.size)

    def advance(self, sink: str, batch: Batch) -> None:
        with self._tidying:
            if batch.segment in self._segments:
                batch.segment.advance(sink, batch.end)

    def bury(self, line: bytes) -> None:
        try:
            if not self._dead.add(line):
                self.lose("too many dead letters today")
        except OSError as exc:
            self.lose(f"no dead letter: {os.strerror(exc.errno or 0)}")

    def tidy(self) -> None:
        """Write waiting records, adopt segments, remove delivered and expired ones."""
        with self._lock:
            if not self._closing:
                self._write()
                self.waiting = len(self._waiting)
            if self._active is not None and self._is_to_end(self._active):
                self._end_segment()
        with self._tidying:
            if self._closing:
                return
            self._adopt()
            self._forget_delivered()
            self._expire()
            self._bytes = self._measure()
        self._wake()

    def _is_to_end(self, segment: Segment) -> bool:
        # Each segment holds a descriptor, so one grows while a sink is down.
        old = monotonic() - segment.opened > SEGMENT_SECONDS
        return segment.gone or old or (segment.delivered and not self._keep)

    def _tidy_now_and_then(self) -> None:
        while not self._closing:
            self._untidy.wait(TIDY_SECONDS)
            self._untidy.clear()
            try:
                self.tidy()
            except OSError as exc:
                self._complain("tidy up", exc)

    def backlog(self, sink: str) -> int:
        return sum(segment.left(sink) for segment in list(self._segments))

    def hand_over(self) -> None:
        """Give the sinks what the disk has no room for: the process ends soon."""
        with self._lock:
            self._write()
            if lines := b"".join(self._waiting.take()):
                self._unwritten = Unwritten(self.folder, lines, self._sinks)
                self._segments.append(self._unwritten)

    def close(self) -> int:
        """Unlock all files, so that the next process delivers the rest.

        Returns how many records are lost: not in a file, nor taken by every sink.
        """
        self._closing = True
        self._untidy.set()
        with self._lock, self._tidying:
            self._write()
            self._end_segment()
            self._forget_delivered()
            self._delivered.close()
            for segment in self._segments:
                segment.close()
            self._segments.clear()
            left = self._unwritten.lost if self._unwritten else 0
            self._unwritten, left = None, left + len(self._waiting.take())
        self.lost += left
        return left

    def _write(self) -> None:
        """Write what waits, as far as there is room."""
        while lines := self._waiting.first(WRITE_BYTES, self._max_bytes - self._bytes):
            piece = b"".join(lines)
            try:
                segment = self._active or self._begin()
                segment.append(piece)
            except OSError as exc:
                self._complain("write", exc)
                return
            self._waiting.drop_first(len(lines))
            self._bytes += len(piece)
            if segment.size >= SEGMENT_BYTES:
                self._end_segment()
                self._untidy.set()

    def _has_no_room(self) -> str | None:
        if self._waiting and self._bytes + self._waiting.size > self._max_bytes:
            return "the journal is full"
        if self._waiting.size > MAX_WAITING_BYTES:
            return "too many wait for the disk"
        return None

    def _begin(self) -> Segment:
        self._active = Segment.create(self.folder, self._sinks)
        self._segments.append(self._active)
        return self._active

    def _end_segment(self) -> None:
        if self._active is not None:
            self._active.sealed, self._active = True, None

    def _adopt(self) -> None:
        held = {segment.path for segment in self._segments} | self._kept
        for path, _ in segments_in(self.folder):
            segment = None if path in held else Segment.adopt(path, self._sinks)
            if segment is None:
                continue
            if segment.delivered:
                others = not _is_for(path, self._sinks)
                self._put_away(segment, whole=self._keep or others)
            else:
                self._segments.append(segment)
        self._segments.sort(key=lambda segment: segment.path)

    def _forget_delivered(self) -> None:
        for segment in [each for each in self._segments if each.sealed]:
            if segment.delivered:
                self._segments.remove(segment)
                self._put_away(segment, whole=self._keep)

    def _put_away(self, segment: Segment, *, whole: bool) -> None:
        """Keep the file of *segment* if *whole*, else what it holds without content;
        later, if there is no room now."""
        if whole and segment.size:
            self._kept.add(segment.path)
            segment.close()
            return
        try:
            self._delivered.take(segment)
        except OSError as exc:
            self._complain("keep what is delivered", exc)
            segment.close()  # It is adopted again.
        else:
            segment.delete()

    def _expire(self) -> None:
        """Remove segments that are too old, then the oldest kept ones to make room."""
        self._dead.expire(MAX_AGE_SECONDS)
        files = segments_in(self.folder)
        self._kept &= {path for path, _ in files}
        over = sum(stat.st_size for _, stat in files) - self._max_bytes * 3 // 4
        held = {segment.path: segment for segment in self._segments}
        for path, stat in files:
            if segment := held.get(path):
                # Of what sinks have not taken, a clock that is set decides nothing.
                tried = monotonic() - segment.opened > PATIENCE_SECONDS
                if segment.age > MAX_AGE_SECONDS and tried and segment.sealed:
                    self._segments.remove(segment)
                    self._give_up(segment)
                continue
            old = time() - stat.st_mtime > MAX_AGE_SECONDS
            if path not in self._kept or not (old or over > 0):
                continue
            if other := Segment.adopt(path, sinks_of(path)):
                self._give_up(other)
                over -= stat.st_size

    def _give_up(self, segment: Segment) -> None:
        start = min(segment.taken.values(), default=segment.size)
        if undelivered := segment.count(start):
            self.lose("not delivered for a week", undelivered)
        segment.delete()

    def _measure(self) -> int:
        return sum(stat.st_size for _, stat in segments_in(self.folder))

    def _complain(self, action: str, exc: OSError) -> None:
        self.notices.put("disk", f"cannot {action}: {os.strerror(exc.errno or 0)}")

    def lose(self, why: str, count: int = 1) -> None:
        self.lost += count
        self.notices.put("lost", f"records are lost: {why}; {self.lost} so far")


def _is_for(path: Path, sinks: Sequence[str]) -> bool:
    return any(sink in sinks for sink in sinks_of(path))
