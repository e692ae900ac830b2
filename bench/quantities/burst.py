"""40 and 80 callers who ask at the same moment."""

from statistics import median

from bench import load
from bench.figures import Row
from bench.load import Load
from bench.quantities.paced import DELAY_MS
from bench.stage import Stage

AT_ONCE = (40, 80)

ROWS = tuple(
    row
    for callers in AT_ONCE
    for row in (
        Row(f"burst.{callers}.first", f"first token, {callers} at once, p50, ms", 0),
        Row(f"burst.{callers}.p50", f"delay of a token, {callers} at once, p50, ms", 2),
        Row(f"burst.{callers}.p99", f"delay of a token, {callers} at once, p99, ms"),
    )
)


def measure(stage: Stage) -> None:
    for callers in AT_ONCE:
        work = Load(
            callers=callers,
            tokens=stage.scale.burst_tokens,
            delay_ms=DELAY_MS,
            answers=callers,
        )
        for server in [stage.direct(), *stage.compared]:
            rounds = []
            for _ in range(stage.scale.bursts):
                server.settle()
                rounds.append(load.run(work, server))
            for key, value in (
                ("first", median(each.first_p50 for each in rounds)),
                ("p50", median(each.delay_p50 for each in rounds)),
                ("p99", median(each.delay_p99 for each in rounds)),
            ):
                name = server.contender.name
                stage.figures.put(f"burst.{callers}.{key}", name, value)
