"""A journal's contents: its files, and the records that a sink has not taken."""

from pathlib import Path

from telemetry.journal import Journal


def files(folder: Path) -> list[str]:
    """The suffixes of what is in *folder*."""
    return sorted(path.suffix for path in folder.iterdir())


def take(journal: Journal, sink: str = "a") -> list[bytes]:
    """All that *sink* has not taken, taken."""
    lines = []
    while batch := journal.read(sink):
        lines += batch.lines
        journal.advance(sink, batch)
    return [line.rstrip(b"\n") for line in lines]
