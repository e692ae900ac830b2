"""What a chain puts into a tool call, a question or an event may be anything."""

import json
import threading
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest

from runs.turn import Turn
from streaming import dialects, recorded
from streaming.events import (
    Custom,
    Done,
    Event,
    Interrupt,
    Output,
    TextDelta,
    ToolCall,
    ToolResult,
    Usage,
)
from streaming.requests import validate


class Unwilling:
    """Can be neither copied nor written."""

    def __deepcopy__(self, memo: Any) -> Any:
        raise ValueError("the prompt is in here")

    def __str__(self) -> str:
        raise ValueError("the prompt is in here")


def _round() -> Any:
    made: dict[str, Any] = {"a": 1}
    made["one"] = made["two"] = made
    return made


def _deep() -> Any:
    made: Any = 1
    for _ in range(5_000):
        made = [made]
    return made


VALUES: dict[str, Callable[[], Any]] = {
    "a lock": threading.Lock,
    "an object": object,
    "an unwilling object": Unwilling,
    "a generator": lambda: (n for n in (1, 2)),
    "a module": lambda: json,
    "a set": lambda: {1},
    "bytes": lambda: b"\xff",
    "not a number": lambda: float("nan"),
    "a huge number": lambda: 10**400,
    "half a character": lambda: "\ud800",
    "keys of any type": lambda: {None: 1, 2: 2, Unwilling(): 3},
    "what holds itself": _round,
    "what is deep": _deep,
}


async def made_of(value: Any) -> AsyncGenerator[Event]:
    yield Custom("custom", value)
    yield ToolCall("d", "c1", "look_up", {"of": value, "and": [value]})
    yield ToolResult("d", "c1", "look_up", "found")
    yield Output(value)
    yield TextDelta("d", "text")
    yield Interrupt("i1", value)
    yield Usage()
    yield Done("d", "interrupt", "r1")


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("dialect", dialects.names())
@pytest.mark.parametrize("name", VALUES)
async def test_every_dialect_writes_it(name: str, dialect: str, stream: bool) -> None:
    message = {"role": "user", "content": "Why?"}
    request = validate({"messages": [message], "stream": stream})
    events = made_of(VALUES[name]())
    frames = [f async for f in dialects.load(dialect).encode(events, request)]
    whole = b"".join(frames).decode()
    assert "the prompt is in here" not in whole
    for line in whole.splitlines():
        data = line.removeprefix("data: ")
        if data.startswith("{"):
            json.loads(data)


@pytest.mark.parametrize("name", VALUES)
async def test_a_runs_log_has_it(name: str) -> None:
    made = [event async for event in made_of(VALUES[name]())]
    noted = [(1.0, event) for event in made if not isinstance(event, Usage)]
    lines = recorded.lines(noted, started=0.0, status="interrupt").splitlines()
    read = [type(each) for line in lines for each in recorded.events(line)]
    assert read == [type(event) for event in made]


@pytest.mark.parametrize("name", VALUES)
async def test_a_thread_has_its_call(name: str) -> None:
    turn = Turn("")
    async for event in made_of(VALUES[name]()):
        turn.hear(event)
    calls = next(turn.messages(waits=False)).tool_calls or []
    assert [json.loads(each.function.arguments).keys() for each in calls] == [
        {"of", "and"}
    ]
