"""Records that have found no room on the disk, while the process ends."""

from collections.abc import Sequence
from pathlib import Path

from telemetry.journal.segments import Segment


class Unwritten(Segment):
    """A segment in memory: what sinks do not take of it is lost with the process."""

    def __init__(self, folder: Path, lines: bytes, sinks: Sequence[str]) -> None:
        self.path = folder / "unwritten"  # Sorted behind all files.
        self.size, self._lines = len(lines), lines
        self.taken = dict.fromkeys(sinks, 0)
        self.sealed = True

    @property
    def lost(self) -> int:
        """How many records not every sink has taken, or there is none to take."""
        return self.count(min(self.taken.values(), default=0))

    def _pread(self, size: int, start: int) -> bytes:
        return self._lines[start : start + size]

    def advance(self, sink: str, end: int) -> None:
        self.taken[sink] = end

    def close(self) -> None:
        pass

    def delete(self) -> None:
        pass
