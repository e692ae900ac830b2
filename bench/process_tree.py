"""A process and all its descendants, as Linux's `/proc` knows them.

See: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
"""

import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def members(pid: int) -> Iterator[int]:
    """*pid* and its descendants, as far as they still run."""
    yield pid
    for task in _tasks(pid):
        with suppress(OSError):
            for child in (PROC / f"{pid}/task/{task}/children").read_text().split():
                yield from members(int(child))


def cpu_seconds(pid: int) -> float:
    """User and system time of the tree so far, of ended descendants too."""
    return sum(map(_ticks, members(pid))) / TICKS


def rss_bytes(pid: int) -> int:
    """Memory that the tree holds at this moment."""
    return sum(map(_pages, members(pid))) * PAGE


def pin(pid: int, cores: Collection[int]) -> None:
    """Keep every thread of the tree on *cores*."""
    for member in members(pid):
        for task in _tasks(member):
            with suppress(ProcessLookupError):  # A thread that has just ended.
                os.sched_setaffinity(task, cores)


def _tasks(pid: int) -> list[int]:
    try:
        return [int(task.name) for task in (PROC / f"{pid}/task").iterdir()]
    except OSError:
        return []


def _ticks(pid: int) -> int:
    try:
        stat = (PROC / f"{pid}/stat").read_text()
    except OSError:
        return 0
    # The name in parentheses may hold blanks; 14 to 17 are utime, stime, and those of
    # children that have ended.
    return sum(map(int, stat.rpartition(")")[2].split()[11:15]))


def _pages(pid: int) -> int:
    try:
        return int((PROC / f"{pid}/statm").read_text().split()[1])
    except OSError:
        return 0
