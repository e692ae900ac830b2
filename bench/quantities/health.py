"""How long a health call waits while many stream."""

from bench import load
from bench.figures import Row
from bench.load import Load
from bench.quantities.carried import BEGIN_OVER, RATE
from bench.quantities.paced import DELAY_MS
from bench.stage import Stage

ROWS = (Row("health.longest", "longest wait of a health call, 200 callers, ms", 0),)


def measure(stage: Stage) -> None:
    seconds = stage.scale.steady
    work = Load(
        callers=stage.scale.crowd,
        tokens=round((BEGIN_OVER + seconds) * 2 * RATE),
        delay_ms=DELAY_MS,
        seconds=BEGIN_OVER + seconds,
        begin_over=BEGIN_OVER,
        cut=True,
    )
    for server in stage.compared:
        server.settle()
        crowd = load.start(work, server)
        try:
            longest = load.longest_wait(server, seconds)
        finally:
            load.finish(crowd, server, work.longest)
        stage.figures.put("health.longest", server.contender.name, longest)
