"""The journal's folder: whose it is, and what is in it.

Several processes use it at once: what one has found, another may have removed.
"""

import errno
import os
from contextlib import suppress
from pathlib import Path
from time import time

from telemetry.journal.segments import NAME, SUFFIX

FRESH_SECONDS = 60
"""The age of what another process may still be making."""


def prepare(folder: Path) -> None:
    """Make *folder*, for nobody but this user: what was asked may be in it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if hasattr(os, "getuid") and folder.stat().st_uid not in (os.getuid(), 0):
        raise PermissionError(errno.EPERM, "it is somebody else's")
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, "it cannot be written to")


def segments_in(folder: Path) -> list[tuple[Path, os.stat_result]]:
    """The segments in *folder*, also other processes', the oldest first."""
    found = []
    for path in sorted(folder.glob(NAME + SUFFIX)):
        with suppress(FileNotFoundError):
            found.append((path, path.stat()))
    return found


def sweep(folder: Path) -> None:
    """Remove a sink's place in what is gone."""
    for path in folder.glob(f"{NAME}.*"):
        with suppress(FileNotFoundError):
            fresh = time() - path.stat().st_mtime < FRESH_SECONDS
            if not fresh and not path.with_suffix(SUFFIX).exists():
                path.unlink()
