"""One file of the journal: records as lines, and how far each sink has read them.

The file is locked by the process that writes or adopts it. Beside `NAME.jsonl` lies
`NAME.SINK` for each sink, with the offset up to which that sink has taken everything; a
sink without such a file was not configured when the segment was written.
"""

import errno
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, time, time_ns
from typing import Self

SUFFIX = ".jsonl"

NAME = "[0-9]" * 20 + "-*"
"""The pattern of a segment's and its offsets' names; other files are left alone."""

_OPEN = (
    os.O_RDWR | os.O_APPEND | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
)


_RENAMES = sys.platform != "win32"
"""Whether a file can be renamed, and removed, while it is open."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines that a sink has not taken yet, and the offset of their end."""

    segment: "Segment"
    lines: list[bytes]
    end: int

    def first(self, count: int) -> "Batch":
        end = self.end - sum(map(len, self.lines[count:]))
        return Batch(self.segment, self.lines[:count], end)


class Segment:
    """A file of records, open and locked; `create` and `adopt` make one.

    `size` is how far it is written, in whole lines; *age* is how many seconds ago.
    """

    def __init__(
        self, path: Path, descriptor: int, sinks: dict[str, int], *, age: float = 0
    ) -> None:
        self.path, self._descriptor = path, descriptor
        self.taken = sinks
        self.size = os.fstat(descriptor).st_size
        self.sealed = False
        self.opened = self._written_at = monotonic()
        self._age = age

    @classmethod
    def create(cls, folder: Path, sinks: tuple[str, ...]) -> Self:
        """Create an empty segment in *folder* for *sinks*.

        It gets its name only once it is locked, so that no other process adopts it.
        """
        path = folder / f"{time_ns():020d}-{os.getpid()}{SUFFIX}"
        unlisted = path.with_suffix(".new") if _RENAMES else path
        descriptor = os.open(unlisted, _OPEN | os.O_CREAT | os.O_EXCL, 0o600)
        segment = cls(path, descriptor, dict.fromkeys(sinks, 0))
        try:
            _lock(descriptor)
            for sink in sinks:
                segment.advance(sink, 0)
            unlisted.rename(path)
        except OSError:
            segment.delete()
            raise
        return segment

    @classmethod
    def adopt(cls, path: Path, sinks: tuple[str, ...]) -> Self | None:
        """Open a segment that another process left.

        `None` if that process still runs, if the file is gone, or if it cannot be
        opened now: a later attempt may succeed.
        """
        try:
            descriptor = os.open(path, _OPEN)
        except OSError:
            return None
        try:
            _lock(descriptor)
            found = os.fstat(descriptor)
            size, age = found.st_size, max(0, time() - found.st_mtime)
            beside = {sink: path.with_suffix(f".{sink}") for sink in sinks}
            taken = {sink: _offset(each, size) for sink, each in beside.items()}
            gone = os.fstat(descriptor).st_nlink == 0
        except OSError:
            gone = True
        if gone:
            os.close(descriptor)
            return None
        segment = cls(path, descriptor, taken, age=age)
        segment.sealed = True
        return segment

    @property
    def gone(self) -> bool:
        return os.fstat(self._descriptor).st_nlink == 0

    @property
    def age(self) -> float:
        """Seconds since it was last written to, however the clock is set meanwhile."""
        return self._age + monotonic() - self._written_at

    def append(self, lines: bytes) -> None:
        """Write all of *lines* or nothing. Raises `OSError`."""
        written = 0
        try:
            written = os.write(self._descriptor, lines)
        finally:
            if written < len(lines):
                os.ftruncate(self._descriptor, self.size)
        if written < len(lines):
            raise OSError(errno.ENOSPC, "only half of it was written")
        self.size += len(lines)
        self._age, self._written_at = 0, monotonic()

    def read(self, sink: str, *, max_bytes: int, max_lines: int) -> Batch | None:
        """The next lines for *sink*: at least one, if there is one."""
        start = self.taken[sink]
        piece = self._pread(min(max_bytes, self.size - start), start)
        if b"\n" not in piece:  # One record is larger than a batch.
            piece = self._pread(self.size - start, start)
            piece = piece[: piece.find(b"\n") + 1]
        lines = piece.splitlines(keepends=True)[:max_lines]
        if lines and not lines[-1].endswith(b"\n"):
            lines.pop()  # The rest of it is read next; or its writer was killed.
        end = start + sum(map(len, lines))
        return Batch(self, lines, end) if lines else None

    def whole(self) -> bytes:
        return self._pread(self.size, 0)

    def count(self, start: int) -> int:
        return self._pread(self.size - start, start).count(b"\n")

    def _pread(self, size: int, start: int) -> bytes:
        # The descriptor can read a file even after it was removed from the folder.
        if sys.platform != "win32":
            return os.pread(self._descriptor, size, start)
        with self.path.open("rb") as file:
            file.seek(start)
            return file.read(size)

    def left(self, sink: str) -> int:
        return self.size - self.taken[sink]

    @property
    def delivered(self) -> bool:
        return all(offset >= self.size for offset in self.taken.values())

    def advance(self, sink: str, end: int) -> None:
        """Note on disk that *sink* has taken everything up to *end*."""
        self.taken[sink] = end
        descriptor = os.open(self.path.with_suffix(f".{sink}"), _CURSOR, 0o600)
        try:
            os.write(descriptor, b"%020d" % end)
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Unlock the file; another process may adopt it then."""
        os.close(self._descriptor)

    def delete(self) -> None:
        """Remove the file and its offsets, under the lock if the platform allows."""
        if not _RENAMES:
            self.close()
            remove(self.path)
            return
        try:
            remove(self.path)
        finally:
            self.close()


_CURSOR = os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0)


def remove(path: Path) -> None:
    for each in [path, *path.parent.glob(f"{path.stem}.*")]:
        each.unlink(missing_ok=True)


def sinks_of(path: Path) -> tuple[str, ...]:
    beside = path.parent.glob(f"{path.stem}.*")
    return tuple(each.suffix[1:] for each in beside if each.suffix != SUFFIX)


def _offset(path: Path, size: int) -> int:
    try:
        offset = int(path.read_bytes() or b"0")
    except FileNotFoundError:
        return size
    except ValueError:
        return 0
    return min(offset, size)


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        # Far behind the end: a locked byte can be neither read nor written there.
        os.lseek(descriptor, 1 << 40, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
