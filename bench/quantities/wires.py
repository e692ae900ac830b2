"""CPU per request and per token of the same chain, through each wire of this app."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from bench import clock
from bench.contenders import CHAIN, Contender, native
from bench.figures import Row
from bench.quantities import cost
from bench.stage import Stage

MEASURED = (CHAIN,)
NATIVE = "json"
"""Ratios are to this wire."""

ROWS = (
    Row("wires.request", "CPU per request, ms"),
    Row("wires.token", "CPU per token, µs"),
)

LENGTHS = (1, 1000)
"""Tokens of the answers; in the long ones a request's own cost hardly counts."""

ROUNDS = 2
"""So many times those of `cost`: wires differ by less than servers do."""

MODEL = "chat"
DONE = "data: [DONE]"


@dataclass(frozen=True, slots=True)
class Wire:
    """How the chain is asked through one of them, and how that ends an answer."""

    name: str
    ask: Callable[[str], object]
    ending: str
    stamp: str = clock.QUOTED
    path: str = "/api/chat/{name}"

    def of(self, chain: Contender) -> Contender:
        return replace(
            chain,
            name=self.name,
            path=self.path.format(name=self.name),
            ask=self.ask,
            ending=self.ending,
            stamp=self.stamp,
        )


def said(prompt: str, **more: object) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": prompt, **more}]}


def completion(prompt: str) -> object:
    return {"model": MODEL, "stream": True, **said(prompt)}


def response(prompt: str) -> object:
    return {"model": MODEL, "stream": True, "input": prompt}


def ui_message(prompt: str) -> object:
    message = {"id": "1", "role": "user", "parts": [{"type": "text", "text": prompt}]}
    return {"id": "1", "trigger": "submit-message", "messages": [message]}


def run_input(prompt: str) -> object:
    return {"runId": "1", "tools": [], "context": [], **said(prompt, id="1")}


def run(prompt: str) -> object:
    modes = {"stream_mode": ["messages-tuple"]}
    return {"assistant_id": MODEL, "input": said(prompt), **modes}


WIRES = (
    Wire(NATIVE, native, "event: done\n"),
    Wire("openai", completion, DONE),
    # Its last events have the whole text again.
    Wire("responses", response, DONE, stamp=f'"delta":{clock.QUOTED}'),
    Wire("ui-message", ui_message, DONE),
    Wire("ag-ui", run_input, "RUN_FINISHED"),
    Wire("LangGraph SDK", run, "event: end\n", path="/langgraph/runs/stream"),
    Wire("text", native, DONE, stamp=clock.BARE),
    # Nothing but the text; a broken answer lacks the last chunk.
    Wire("plain", native, "", stamp=clock.BARE),
)


def measure(stage: Stage) -> None:
    [chain] = [each for each in stage.servers if each.contender.name == CHAIN]
    servers = [replace(chain, contender=wire.of(chain.contender)) for wire in WIRES]
    costs = cost.fitted(stage, servers, LENGTHS, rounds=ROUNDS * stage.scale.rounds)
    for name, (request, token) in costs.items():
        stage.figures.put("wires.request", name, request * 1e3)
        stage.figures.put("wires.token", name, token * 1e6)
