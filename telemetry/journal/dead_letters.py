"""Records that a sink will never take, kept for somebody to look at."""

import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from time import time

MAX_BYTES = 16 * 1024 * 1024
"""Of one day."""


class DeadLetters:
    """Files of one day each in *folder*, as lines of JSON."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, line: bytes) -> bool:
        """Whether there was room for *line*. Raises `OSError`."""
        path = self._folder / f"dead-letters-{datetime.now(UTC):%Y-%m-%d}.ndjson"
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        descriptor = os.open(path, flags, 0o600)
        try:
            if os.fstat(descriptor).st_size >= MAX_BYTES:
                return False
            os.write(descriptor, line.rstrip(b"\n") + b"\n")
        finally:
            os.close(descriptor)
        return True

    def expire(self, seconds: float) -> None:
        """Remove what is older."""
        for path in self._folder.glob("dead-letters-*.ndjson"):
            with suppress(FileNotFoundError):  # Another process was faster.
                if time() - path.stat().st_mtime > seconds:
                    path.unlink()
