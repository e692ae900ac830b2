"""CPU per request and per token, with an upstream as fast as it can be."""

from collections.abc import Mapping, Sequence
from statistics import median

from bench.figures import Row, line
from bench.load import Load
from bench.server import Server
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
    costs = fitted(stage, stage.servers, scale.lengths, rounds=scale.rounds)
    for name, (request, token) in costs.items():
        stage.figures.put("cost.request", name, request * 1e3)
        stage.figures.put("cost.token", name, token * 1e6)
        stage.figures.put("cost.answer", name, (request + WHOLE_ANSWER * token) * 1e3)


def fitted(
    stage: Stage, servers: Sequence[Server], lengths: Sequence[int], *, rounds: int
) -> Mapping[str, tuple[float, float]]:
    """Seconds of a request and of a token, by the names of *servers*.

    They are fitted to answers of *lengths*, each measured in all of *rounds*.
    """
    costs: dict[str, dict[int, list[float]]] = {}
    for _ in range(rounds):
        for tokens in lengths:
            work = Load(callers=CALLERS, tokens=tokens, seconds=stage.scale.saturated)
            for server in servers:
                cpu, heard = cpu_of(work, server)
                own = costs.setdefault(server.contender.name, {})
                own.setdefault(tokens, []).append(cpu / heard.answers)
    return {
        name: line({x: median(all_) for x, all_ in own.items()})
        for name, own in costs.items()
    }
