"""From a process's start to the first token of a request sent as soon as it can be."""

from bench.figures import Row
from bench.stage import Stage

ROWS = (Row("start.first", "process start to first token, s"),)


def measure(stage: Stage) -> None:
    """Noted when the servers were started: one start each."""
    for server in stage.compared:
        stage.figures.put("start.first", server.contender.name, server.started)
