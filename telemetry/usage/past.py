"""The records that the journal's files hold, of all processes that share its folder.

Other threads and processes write, move and remove these files meanwhile.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from telemetry import records
from telemetry.journal.folder import segments_in
from telemetry.records import Record

BATCH_BYTES = 16 * 1024
"""A batch is counted in a millisecond, so that the event loop has its turn."""
MAX_LINE = 8 * 1024 * 1024
"""Bytes of a line that is read; no record is as long."""

BLOCK_BYTES = 256 * 1024
PASSES = 5
"""How often to list the files anew after one of them was moved before it was read."""


def batches(folder: Path) -> Iterator[list[bytes]]:
    """All whole lines, those of the newest files first.

    What is moved meanwhile may come twice.
    """
    offsets: dict[Path, int] = {}
    for _ in range(PASSES):
        moved = False
        for path, _ in reversed(segments_in(folder)):
            try:
                yield from _batches(path, offsets)
            except OSError:
                moved = True
        if not moved:
            return


def _batches(path: Path, offsets: dict[Path, int]) -> Iterator[list[bytes]]:
    with path.open("rb") as file:
        file.seek(offsets.get(path, 0))
        batch, size = list[bytes](), 0
        for line in _lines(file):
            batch.append(line)
            size += len(line)
            if size >= BATCH_BYTES:
                offsets[path] = file.tell()
                yield batch
                batch, size = [], 0
        offsets[path] = file.tell()
        if batch:
            yield batch


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Whole lines; *file* is left behind the last of them."""
    long, end = False, file.tell()
    while line := file.readline(MAX_LINE):
        if not line.endswith(b"\n") and len(line) < MAX_LINE:
            file.seek(end)  # Half a line: it is being written, or its writer died.
            return
        end += len(line)
        whole = line.endswith(b"\n")
        if whole and not long:
            yield line
        long = not whole


def find(folder: Path, run: str) -> Record | None:
    """The record of *run*, without its content, if a file has it."""
    needle = b'"id":"' + run.encode() + b'"'
    for _ in range(PASSES):
        moved = False
        for path, _ in reversed(segments_in(folder)):
            try:
                found = _find_in(path, needle, run)
            except OSError:
                moved = True
                continue
            if found is not None:
                return records.without_content(found)
        if not moved:
            return None
    return None


def _find_in(path: Path, needle: bytes, run: str) -> Record | None:
    with path.open("rb") as file:
        each = (_record(line) for line in _containing(file, needle))
        return next((found for found in each if found and found["id"] == run), None)


def _record(line: bytes) -> Record | None:
    try:
        return records.loads(line)
    except (ValueError, RecursionError):
        return None


def _containing(file: BinaryIO, needle: bytes) -> Iterator[bytes]:
    """The lines with *needle*; a whole file of lines is never in memory."""
    before, at = b"", 0
    while block := file.read(BLOCK_BYTES):
        window = before + block
        found = window.find(needle)
        if found >= 0:
            begin = at - len(before) + found
            line, at = _line_around(file, begin)
            before = b""
            file.seek(at)
            yield line
            continue
        at += len(block)
        before = window[-len(needle) :]


def _line_around(file: BinaryIO, place: int) -> tuple[bytes, int]:
    """The line that *place* is in, and the place at which the next one begins.

    An id is among a record's first fields, so its line begins within a block.
    """
    back = max(0, place - BLOCK_BYTES)
    file.seek(back)
    begin = back + file.read(place - back).rfind(b"\n") + 1
    file.seek(begin)
    line = file.readline(MAX_LINE)
    return line, max(begin + len(line), place + 1)
