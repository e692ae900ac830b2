"""What takes long for a large request: done in a thread, or not at all."""

import asyncio
import re
from collections.abc import Callable, Iterator

LARGE_BYTES = 64 * 1024
"""What is done to a longer body may hold up other streams if the event loop does it."""

PIECE = 1024 * 1024
"""Bytes to search at once: no other thread runs meanwhile."""

_QUOTE, _BACKSLASH = ord('"'), ord("\\")


async def off_loop[R](size: int, work: Callable[[], R]) -> R:
    """What *work* makes of about *size* bytes; in a thread if they are many."""
    if size > LARGE_BYTES:
        return await asyncio.to_thread(work)
    return work()


def count_marks(json: bytes, marks: bytes, *, most: int) -> int:
    """How many of *marks* the text *json* has outside of its strings.

    More than *most* are not counted; of fewer, those within strings may count too.
    """
    count = sum(json.count(mark) for mark in marks)
    if count <= most:
        return count
    count = 0
    for begins, _ in find_marks(json, marks):
        count += json[begins] != _QUOTE
        if count > most:
            break
    return count


def find_marks(json: bytes, marks: bytes) -> Iterator[tuple[int, int]]:
    """Where each of *marks* outside of strings, and each string, begins and ends.

    Python's own reader would be faster, and let no other thread run.
    """
    pattern, at = re.compile(b'["%b]' % re.escape(marks)), 0
    while at < len(json):
        found = pattern.search(json, at, at + PIECE)
        if found is None:
            at += PIECE
            continue
        begins, at = found.span()
        if json[begins] == _QUOTE:
            at = string_end(json, begins)
        yield begins, at


def string_end(json: bytes, begins: int) -> int:
    """Behind the string that begins there; at the end of *json* if it has none."""
    at = begins
    while (at := json.find(b'"', at + 1)) >= 0:
        before = at
        while json[before - 1] == _BACKSLASH:
            before -= 1
        if (at - before) % 2 == 0:
            return at + 1
    return len(json)
