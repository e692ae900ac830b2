"""Records that a sink has rejected, kept in files for an operator to read."""

import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from time import time

MAX_BYTES = 16 * 1024 * 1024
"""The size of one day's file; further dead letters of that day are lost."""


class DeadLetters:
    """One file a day in *folder*, with one JSON record a line."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, line: bytes) -> bool:
        """Write *line*; return whether there was room. Raises `OSError`."""
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
        for path in self._folder.glob("dead-letters-*.ndjson"):
            with suppress(FileNotFoundError):  # Another process was faster.
                if time() - path.stat().st_mtime > seconds:
                    path.unlink()
