"""CPU per token of the chain with each engine that keeps its runs, and with none.

With a budget, a run leases tokens from the engine while it answers.
"""

import json
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.contenders import CHAIN, HERE, Contender, function_app
from bench.figures import Row
from bench.load import Load
from bench.progress import say
from bench.quantities import cost
from bench.quantities.paced import DELAY_MS
from bench.server import Server, serve
from bench.stage import Stage, cpu_of
from tests.support.aimock import PACKAGE
from tests.support.azurite import Azurite
from tests.support.redis_server import redis_server

type Engines = Mapping[str, Mapping[str, str]]
"""The settings of each, by its name."""

MEASURED = (CHAIN,)
NONE = "none"
"""Ratios are to this one: no run is kept, and there is no budget."""

BUDGET = ", budget"
LENGTHS = (1, 1000)
ROUNDS = 2

ROWS = (
    Row("stores.token", "CPU per token, µs"),
    Row("stores.paced", "CPU per token, one every 20 ms, µs", digits=0),
)

KEY = "bench-caller"
LIMITED = {
    "API_KEYS": f"bench:{KEY}",
    "BUDGETS": json.dumps({"bench": {"tokens": 10**12, "per": "month"}}),
}


def measure(stage: Stage) -> None:
    """In each round all servers are new: two processes of one server differ, too."""
    [chain] = [each for each in stage.servers if each.contender.name == CHAIN]
    fitted, paced = defaultdict[str, float](float), defaultdict[str, float](float)
    with available() as engines:
        for _ in range(ROUNDS):
            with ExitStack() as stack:
                servers = [
                    stack.enter_context(serve(each))
                    for each in contenders(chain.contender, engines)
                ]
                rounds = stage.scale.rounds
                costs = cost.fitted(stage, servers, LENGTHS, rounds=rounds)
                for name, seconds in _paced(stage, servers).items():
                    paced[name] += seconds
                    fitted[name] += costs[name][1]
    for key, spent in (("stores.token", fitted), ("stores.paced", paced)):
        for name, seconds in spent.items():
            stage.figures.put(key, name, seconds / ROUNDS * 1e6)


def _paced(stage: Stage, servers: Sequence[Server]) -> Mapping[str, float]:
    """Seconds of a token, by which long answers take more than short ones."""
    callers, tokens = stage.scale.paced_callers, stage.scale.paced_tokens
    spent = defaultdict[str, float](float)
    lengths = {tokens // 4: -1, tokens * 2: 1}
    for length, sign in lengths.items():
        work = Load(callers, length, delay_ms=DELAY_MS, answers=callers)
        for server in servers:
            seconds, _ = cpu_of(work, server)
            spent[server.contender.name] += sign * seconds
    more = callers * sum(length * sign for length, sign in lengths.items())
    return {name: seconds / more for name, seconds in spent.items()}


def contenders(chain: Contender, engines: Engines) -> list[Contender]:
    """The chain that keeps no run, then with each of *engines*, without and with a
    budget."""
    unlogged = function_app(HERE / "unlogged_app")
    found = [replace(chain, name=NONE, command=unlogged)]
    for name, settings in engines.items():
        environment = {**chain.environment, **settings}
        plain = replace(chain, name=name, environment=environment)
        limited = replace(
            plain,
            name=f"{name}{BUDGET}",
            environment={**environment, **LIMITED},
            headers={"api-key": KEY},
        )
        found += [plain, limited]
    return found


@contextmanager
def available() -> Iterator[Engines]:
    """Those of this machine; it says loudly which are not here."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        path = folder / "runs.db"
        engines = {
            "memory": {"STORE": "memory"},
            "sqlite": {"STORE": f"sqlite:{path}"},
        }
        if shutil.which("redis-server"):
            engines["redis"] = {"STORE": stack.enter_context(redis_server())}
        else:
            say("SKIPPED redis: not installed, it is Debian's redis-server")
        if (PACKAGE / "node_modules" / "azurite").is_dir():
            account = stack.enter_context(Azurite()).connection_string
            engines["storage"] = {"STORE": "storage", "AzureWebJobsStorage": account}
        else:
            say("SKIPPED storage: not installed, see `make install`")
        yield engines
