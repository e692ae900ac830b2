"""What a process holds, a stream that is open, and each token of it that has come.

On processes of their own: what Python has once taken from the kernel it keeps, so only
the first growth is seen.
"""

import time

from bench import load
from bench.contenders import BASE, CHAIN, PASSTHROUGH
from bench.figures import Row
from bench.load import Load
from bench.server import Server, serve
from bench.stage import Stage

DELAY_MS = 16
HOLD_MS = 500
"""The silence before an answer's end, in which all its tokens have come."""

BETWEEN = 0.05
"""Seconds from one look at the memory to the next."""

WARM = 20
MEASURED = (CHAIN, PASSTHROUGH, BASE)

ROWS = (
    Row("memory.process", "memory of a process at rest, MB", digits=0),
    Row("memory.stream", "memory of an open stream, KB", digits=0),
    Row("memory.token", "memory of a token of an open stream, KB", digits=2),
)


def measure(stage: Stage) -> None:
    for each in stage.compared:
        if each.contender.name in MEASURED:
            with serve(each.contender) as server:
                _measure(stage, server)


def _measure(stage: Stage, server: Server) -> None:
    name, scale, figures = server.contender.name, stage.scale, stage.figures
    load.run(Load(callers=1, tokens=1, answers=WARM), server)
    server.settle()
    rest = server.rss_bytes()
    short = _held(stage, server, tokens=1)
    long = _held(stage, server, tokens=scale.open_tokens)
    figures.put("memory.process", name, rest / 1e6)
    figures.put("memory.stream", name, (short - rest) / scale.open_streams / 1024)
    tokens = scale.open_streams * (scale.open_tokens - 1)
    figures.put("memory.token", name, (long - short) / tokens / 1024)


def _held(stage: Stage, server: Server, *, tokens: int) -> int:
    """The most that the process holds while its streams, of *tokens* each, are open."""
    streams = stage.scale.open_streams
    work = Load(streams, tokens, delay_ms=DELAY_MS, hold_ms=HOLD_MS, answers=streams)
    callers, most = load.start(work, server), 0
    while callers.poll() is None:
        most = max(most, server.rss_bytes())
        time.sleep(BETWEEN)
    load.finish(callers, server, work.longest)
    return most
