"""Records that every sink has taken: they stay for the journal's days, without content.

They are moved to segments of no sink, which the journal keeps until they are too old or
the files too large. A process that ends in between has moved a few of them twice.
"""

from pathlib import Path
from time import monotonic

from telemetry import records
from telemetry.journal.segments import Segment

SEGMENT_BYTES = 16 * 1024 * 1024
SEGMENT_SECONDS = 6 * 3600
"""The size and the age at which a segment is ended; only an ended one expires."""


class Delivered:
    """Moves records into segments of its own in *folder*; use it in one thread."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._begun = folder, 0.0
        self._segment: Segment | None = None

    def take(self, segment: Segment) -> None:
        """Write the records of *segment* without content. Raises `OSError`."""
        lines = [_without_content(line) for line in segment.whole().splitlines()]
        if not any(lines):
            return
        if self._segment is None or self._segment.gone:
            self.close()
            self._segment = Segment.create(self._folder, ())
            self._begun = monotonic()
        self._segment.append(b"".join(lines))
        old = monotonic() - self._begun > SEGMENT_SECONDS
        if old or self._segment.size >= SEGMENT_BYTES:
            self.close()

    def close(self) -> None:
        """End the segment, which the journal adopts, unless the disk took nothing."""
        segment, self._segment = self._segment, None
        if segment is not None and segment.size:
            segment.close()
        elif segment is not None:
            segment.delete()


def _without_content(line: bytes) -> bytes:
    try:
        record = records.loads(line)
    except (ValueError, RecursionError):
        return b""  # Half a line, of a process that was killed.
    return records.dumps(records.without_content(record)) + b"\n"
