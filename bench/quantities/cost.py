"""CPU per request and per token, with an upstream as fast as it can be."""

from statistics import median

from bench.figures import Row, line
from bench.load import Load
from bench.stage import Stage, cpu_of

CALLERS = 16
WHOLE_ANSWER = 300

ROWS = (
    Row("cost.request", "CPU per request, ms"),
    Row("cost.token", "CPU per token, µs"),
    Row("cost.answer", "CPU of an answer of 300 tokens, ms"),
)


def measure(stage: Stage) -> None:
    scale = stage.scale
    costs: dict[str, dict[int, list[float]]] = {}
    for _ in range(scale.rounds):
        for tokens in scale.lengths:
            work = Load(callers=CALLERS, tokens=tokens, seconds=scale.saturated)
            for server in stage.servers:
                cpu, heard = cpu_of(work, server)
                lengths = costs.setdefault(server.contender.name, {})
                lengths.setdefault(tokens, []).append(cpu / heard.answers)
    for name, lengths in costs.items():
        request, token = line({x: median(all_) for x, all_ in lengths.items()})
        stage.figures.put("cost.request", name, request * 1e3)
        stage.figures.put("cost.token", name, token * 1e6)
        stage.figures.put("cost.answer", name, (request + WHOLE_ANSWER * token) * 1e3)
