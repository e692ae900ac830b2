"""The durable queue between runs and sinks: a record is on disk before `done` is sent.

A record is appended to a file with one write, and no `fsync`, which would hold the
event loop for milliseconds: it survives the process, however that ends, but not the
machine. What a process leaves behind the next one adopts.
"""

import errno
import logging
import os
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, time

from telemetry.segments import NAME, SUFFIX, Batch, Segment

log = logging.getLogger(__name__)

SEGMENT_BYTES = 16 * 1024 * 1024
MAX_BYTES = 512 * 1024 * 1024
"""Of all files together; what would be more is not recorded."""

MAX_AGE_SECONDS = 7 * 86_400
ROLL_SECONDS = 60
"""The age at which a segment is ended, so that what has been delivered can go."""

MAX_WAITING = 1000
"""Records that wait in memory while the disk is full."""

DEAD_LETTERS = "dead-letters.ndjson"
MAX_DEAD_BYTES = 16 * 1024 * 1024

BATCH_BYTES = 200_000
BATCH_RECORDS = 64
COMPLAIN_SECONDS = 60


class Journal:
    """Appends records to *folder*, and gives each of *sinks* all of them.

    With *keep*, what every sink has taken stays, as long as its age and the size of all
    allow. Otherwise it is removed. Raises `OSError` where *folder* is not to be used.
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
        _prepare(folder)
        self._lock = threading.Lock()  # The event loop waits for it: nothing slow.
        self._tidying = threading.Lock()
        self._wakes: list[threading.Event] = []
        self._waiting: deque[bytes] = deque()
        self._complained = -float("inf")
        self.lost = 0
        self._segments = list(self._adopt())
        self._bytes = self._measure()
        self._active: Segment | None = None
        self._closing = threading.Event()
        tidying = threading.Thread(
            target=self._tidy_now_and_then, name="telemetry-journal", daemon=True
        )
        tidying.start()

    def append(self, line: bytes) -> None:
        """Keep *line*; where that fails it is counted, and never raised."""
        with self._lock:
            self._waiting.append(line + b"\n")
            self._write()
        for wake in self._wakes:
            wake.set()

    def wake(self, event: threading.Event) -> None:
        """Set *event* whenever there is something new."""
        self._wakes.append(event)

    def read(self, sink: str) -> Batch | None:
        """What *sink* is to take next, the oldest first."""
        for segment in list(self._segments):
            if segment.left(sink) > 0:
                batch = segment.read(
                    sink, max_bytes=BATCH_BYTES, max_lines=BATCH_RECORDS
                )
                if batch is not None:
                    return batch
                if segment.sealed:  # Half a line, of a process that was killed.
                    segment.advance(sink, segment.size)
        return None

    def advance(self, sink: str, batch: Batch) -> None:
        """*sink* has taken *batch*."""
        with self._tidying:
            if batch.segment in self._segments:
                batch.segment.advance(sink, batch.end)

    def bury(self, line: bytes) -> None:
        """Keep a record that a sink will never take, for somebody to look at."""
        path = self.folder / DEAD_LETTERS
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        try:
            descriptor = os.open(path, flags, 0o600)
            try:
                if os.fstat(descriptor).st_size < MAX_DEAD_BYTES:
                    os.write(descriptor, line.rstrip(b"\n") + b"\n")
            finally:
                os.close(descriptor)
        except OSError as exc:
            self._complain(f"cannot write: {os.strerror(exc.errno or 0)}")

    def tidy(self) -> None:
        """Write what waits, and remove what is delivered, too old or too much."""
        with self._lock:
            self._write()
            if self._active and time() - self._active.created > ROLL_SECONDS:
                self._end_segment()
        with self._tidying:
            self._forget_delivered()
            self._expire()
            self._bytes = self._measure()

    def _tidy_now_and_then(self) -> None:
        while not self._closing.wait(ROLL_SECONDS):
            try:
                self.tidy()
            except OSError as exc:
                self._complain(f"cannot tidy up: {os.strerror(exc.errno or 0)}")

    def backlog(self, sink: str) -> int:
        """The bytes that *sink* has not taken yet."""
        return sum(segment.left(sink) for segment in list(self._segments))

    @property
    def waiting(self) -> int:
        """Records that no disk has taken yet."""
        return len(self._waiting)

    def close(self) -> None:
        """Leave what is undelivered to the next process."""
        self._closing.set()
        with self._lock, self._tidying:
            self._write()
            self._end_segment()
            self._forget_delivered()
            for segment in self._segments:
                segment.close()
            self._segments.clear()

    def _write(self) -> None:
        while self._waiting:
            line = self._waiting[0]
            if self._bytes + len(line) > self._max_bytes:
                self._waiting.popleft()
                self._lose("the journal is full")
                continue
            try:
                segment = self._active or self._begin()
                segment.append(line)
            except OSError as exc:
                if len(self._waiting) > MAX_WAITING:
                    self._waiting.popleft()
                    self._lose(type(exc).__name__)
                else:
                    self._complain(f"cannot write: {os.strerror(exc.errno or 0)}")
                return
            self._waiting.popleft()
            self._bytes += len(line)
            if segment.size >= SEGMENT_BYTES:
                self._end_segment()

    def _begin(self) -> Segment:
        self._active = Segment.create(self.folder, self._sinks)
        self._segments.append(self._active)
        return self._active

    def _end_segment(self) -> None:
        """Write no more to the segment that is written; the next record begins one."""
        if self._active is not None:
            self._active.sealed, self._active = True, None

    def _adopt(self) -> Iterator[Segment]:
        for path in self.folder.glob(f"{NAME}.*"):
            if not path.with_suffix(SUFFIX).exists():
                path.unlink(missing_ok=True)  # A sink's place in what is gone.
        for path, _ in _files(self.folder):
            segment = Segment.adopt(path, self._sinks)
            if segment is None:
                continue
            if segment.delivered and self._keep:
                segment.close()
            elif segment.delivered and not segment.size:
                segment.delete()
            else:
                yield segment

    def _forget_delivered(self) -> None:
        """Let go of what every sink has: now or, with *keep*, when it is too old."""
        for segment in [each for each in self._segments if each.sealed]:
            if segment.delivered:
                self._segments.remove(segment)
                if self._keep and segment.size:
                    segment.close()
                else:
                    segment.delete()

    def _expire(self) -> None:
        """Remove what is too old; of what is kept also the oldest, if it is much."""
        dead = self.folder / DEAD_LETTERS
        if dead.exists() and time() - dead.stat().st_mtime > MAX_AGE_SECONDS:
            dead.unlink(missing_ok=True)
        files = _files(self.folder)
        over = sum(stat.st_size for _, stat in files) - self._max_bytes * 3 // 4
        held = {segment.path: segment for segment in self._segments}
        for path, stat in files:
            old = time() - stat.st_mtime > MAX_AGE_SECONDS
            segment = held.get(path)
            if segment is not None and not segment.sealed:
                continue
            if segment is not None and old:
                self._segments.remove(segment)
                self._lose("undelivered for a week", _count_left(segment))
                segment.delete()
            elif segment is None and (old or (self._keep and over > 0)):
                other = Segment.adopt(path, ())
                if other is not None:  # Else another process still holds it.
                    other.delete()
                    over -= stat.st_size

    def _measure(self) -> int:
        return sum(stat.st_size for _, stat in _files(self.folder))

    def _lose(self, why: str, count: int = 1) -> None:
        self.lost += count
        self._complain(f"records are lost: {why}; {self.lost} so far")

    def _complain(self, what: str) -> None:
        """Log *what*, but not more often than once a minute."""
        if monotonic() - self._complained > COMPLAIN_SECONDS:
            self._complained = monotonic()
            log.error("telemetry in %s: %s", self.folder, what)


def _count_left(segment: Segment) -> int:
    start = min(segment.taken.values(), default=segment.size)
    with segment.path.open("rb") as file:
        file.seek(start)
        return sum(1 for _ in file)


def _files(folder: Path) -> list[tuple[Path, os.stat_result]]:
    """The segments in *folder*, also other processes', the oldest first."""
    files = []
    for path in sorted(folder.glob(NAME + SUFFIX)):
        with suppress(FileNotFoundError):
            files.append((path, path.stat()))
    return files


def _prepare(folder: Path) -> None:
    """Make *folder*, for nobody but this user: what was asked may be in it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if hasattr(os, "getuid") and folder.stat().st_uid not in (os.getuid(), 0):
        raise PermissionError(errno.EPERM, "it is somebody else's")
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, "it cannot be written to")
