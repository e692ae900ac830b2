"""How many callers one core carries: 50 tokens a second each, and hardly late."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil, sqrt

from bench import load, process_tree
from bench.errors import BenchError
from bench.figures import Row
from bench.load import Load
from bench.progress import say
from bench.quantities.paced import DELAY_MS
from bench.server import Server
from bench.stage import Stage

RATE = 1000 / DELAY_MS
LATE_MS = 50
"""The 99th percentile of the tokens' delay that is still carried."""

BEGIN_OVER = 1.0
"""Seconds over which the callers come: they are not a burst."""

RECEIVED = 0.8
"""The part of the tokens, one every 20 ms, that has to arrive."""

FIRST, MOST = 20, 1000
STEP = 1.5
"""By which the number of callers grows or shrinks until the limit is between two."""

USED = 0.6
"""The part of a core with which the search begins, if a token's cost is known."""

TRIES = 2
"""A number is not carried if it fails so often: something else may have been busy."""

EASY = 100
"""Callers of whom it is known that the upstream sends as much in time."""

ROWS = (
    Row("carried.callers", "callers carried by one core, p99 ≤ 50 ms", digits=0),
    Row("carried.tokens", "tokens a second of a process, p99 ≤ 50 ms", digits=0),
)


def measure(stage: Stage) -> None:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        say("SKIPPED carried: it takes two cores, one for the server alone")
        return
    with pinned(stage.upstream.pid, cores[1]):
        for server in stage.compared:
            with pinned(server.pid, cores[0]):
                _measure(stage, server, callers_on=cores[1])


def _measure(stage: Stage, server: Server, *, callers_on: int) -> None:
    name, figures = server.contender.name, stage.figures
    carried, failed = 0, None
    trying = beginning(figures.get("paced.token", name))
    left = stage.scale.refinements
    while trying:
        if any(_carries(stage, server, trying, callers_on) for _ in range(TRIES)):
            carried = trying
        else:
            failed = trying
        if failed is not None and carried:
            left -= 1
        trying = following(carried, failed, left=left)
    figures.put("carried.callers", name, carried)
    figures.put("carried.tokens", name, carried * RATE)
    if failed is None or not _possible(stage, failed, callers_on):
        figures.limit("carried.callers", name)
        figures.limit("carried.tokens", name)


def _possible(stage: Stage, callers: int, callers_on: int) -> bool:
    """Whether the upstream and the callers themselves can do so much."""
    return callers <= EASY or _carries(stage, stage.direct(), callers, callers_on)


def beginning(token_us: float | None) -> int:
    """How many callers to try first, if a paced token costs *token_us*."""
    if not token_us:
        return FIRST
    return min(max(round(USED * 1e6 / (RATE * token_us)), 1), MOST)


def following(carried: int, failed: int | None, *, left: int) -> int:
    """How many callers to try next; 0 is the end."""
    if failed is None:
        return min(ceil(carried * STEP), MOST) if carried < MOST else 0
    if not carried:
        return int(failed / STEP)
    between = round(sqrt(carried * failed))
    return between if left >= 0 and carried < between < failed else 0


def _carries(stage: Stage, server: Server, callers: int, callers_on: int) -> bool:
    seconds = BEGIN_OVER + stage.scale.steady
    work = Load(
        callers=callers,
        tokens=round(2 * seconds * RATE),
        delay_ms=DELAY_MS,
        seconds=seconds,
        begin_over=BEGIN_OVER,
        cut=True,
    )
    server.settle()
    try:
        heard = load.run(work, server, cores=[callers_on])
    except BenchError:  # It refuses callers, or cuts their answers.
        return False
    asked = callers * RATE * (seconds - BEGIN_OVER / 2)
    return heard.tokens >= asked * RECEIVED and heard.delay_p99 <= LATE_MS


@contextmanager
def pinned(pid: int, core: int) -> Iterator[None]:
    """Keep the process on *core* until left."""
    before = os.sched_getaffinity(pid)
    process_tree.pin(pid, [core])
    try:
        yield
    finally:
        process_tree.pin(pid, before)
