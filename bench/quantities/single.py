"""One caller: the first token, from the caller's connect, and each token's delay."""

from bench import load
from bench.figures import Row
from bench.load import Load
from bench.quantities.paced import DELAY_MS
from bench.stage import UPSTREAM, Stage

ROWS = (
    Row("single.added", "first token, 1 caller: added to the upstream's, ms"),
    Row("single.first", "first token, 1 caller, ms"),
    Row("single.p50", "delay of a token, 1 caller, p50, ms", digits=2),
    Row("single.p99", "delay of a token, 1 caller, p99, ms", digits=2),
)


def measure(stage: Stage) -> None:
    scale, figures = stage.scale, stage.figures
    work = Load(
        callers=1,
        tokens=scale.single_tokens,
        delay_ms=DELAY_MS,
        answers=scale.single_answers,
    )
    for server in [stage.direct(), *stage.compared]:
        server.settle()
        name, heard = server.contender.name, load.run(work, server)
        figures.put("single.first", name, heard.first_p50)
        figures.put("single.p50", name, heard.delay_p50)
        figures.put("single.p99", name, heard.delay_p99)
        if name != UPSTREAM:
            own = figures.values["single.first"][UPSTREAM]
            figures.put("single.added", name, heard.first_p50 - own)
