"""The journal's folder: its permissions and its files.

Several processes use it at once, so a file may be gone by the time it is read.
"""

import errno
import os
from contextlib import suppress
from pathlib import Path
from time import time

from telemetry.journal.segments import NAME, SUFFIX

FRESH_SECONDS = 60
"""A younger file may belong to a segment that another process is creating."""


def prepare(folder: Path) -> None:
    """Make *folder*, readable by this user alone: records may hold prompts."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if hasattr(os, "getuid") and folder.stat().st_uid not in (os.getuid(), 0):
        raise PermissionError(errno.EPERM, "it is somebody else's")
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, "it cannot be written to")


def segments_in(folder: Path) -> list[tuple[Path, os.stat_result]]:
    """The segments of all processes, oldest first."""
    found = []
    for path in sorted(folder.glob(NAME + SUFFIX)):
        with suppress(FileNotFoundError):
            found.append((path, path.stat()))
    return found


def sweep(folder: Path) -> None:
    """Remove the offsets of segments that are gone."""
    for path in folder.glob(f"{NAME}.*"):
        with suppress(FileNotFoundError):
            fresh = time() - path.stat().st_mtime < FRESH_SECONDS
            if not fresh and not path.with_suffix(SUFFIX).exists():
                path.unlink()
