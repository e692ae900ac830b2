"""CPU per token of answers that come as from a model: a token every 20 ms."""

from bench.figures import Row
from bench.load import Load
from bench.stage import Stage, cpu_of

DELAY_MS = 20

ROWS = (Row("paced.token", "CPU per token, one every 20 ms, µs", digits=0),)


def measure(stage: Stage) -> None:
    callers, tokens = stage.scale.paced_callers, stage.scale.paced_tokens
    work = Load(callers=callers, tokens=tokens, delay_ms=DELAY_MS, answers=callers)
    for server in stage.servers:
        cpu, heard = cpu_of(work, server)
        stage.figures.put(
            "paced.token", server.contender.name, cpu / heard.tokens * 1e6
        )
