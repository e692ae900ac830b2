"""Whatever people bring, in every dialect: one text, one ending, what it has cost."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest

from runnables.prepared import prepare
from runnables.run import events_of
from runs import Run
from runs.ending import ending
from streaming import dialects
from streaming.errors import ChatError
from streaming.events import Done, Error, Event, Output, TextDelta
from streaming.requests import ChatRequest, validate
from tests.support.kinds import Kind, Model
from tests.support.kinds_refused import REFUSED, Refused
from tests.support.runnables_page import KINDS, PAGE, page
from tests.support.said import said


def asked(kind: Kind, *, stream: bool = True) -> ChatRequest:
    message = {"role": "user", "content": "Why?"}
    return validate(
        {"messages": [message], "stream": stream, "inputs": dict(kind.inputs)}
    )


def answer(
    kind: Kind, model: Model, *, stream: bool = True
) -> tuple[AsyncGenerator[Event], Run]:
    run = Run(chain=kind.name)
    events = events_of(prepare(kind.make(model)), asked(kind, stream=stream), run)
    return ending(events, run), run


async def events(kind: Kind, *scripts: Any) -> tuple[list[Event], Run]:
    made, run = answer(kind, Model(scripts=scripts or kind.scripts))
    async with asyncio.timeout(30):
        return [event async for event in made], run


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("dialect", dialects.names())
@pytest.mark.parametrize("kind", KINDS, ids=str)
async def test_it_says_its_text_once_in_every_dialect(
    kind: Kind, dialect: str, stream: bool
) -> None:
    made, run = answer(kind, Model(scripts=kind.scripts), stream=stream)
    request = asked(kind, stream=stream)
    async with asyncio.timeout(30), aclosing(made):
        frames = [f async for f in dialects.load(dialect).encode(made, request)]
    assert run.error is None
    text = said(dialect, b"".join(frames), stream=stream)
    assert text is None or text == kind.text


@pytest.mark.parametrize("kind", KINDS, ids=str)
async def test_no_page_of_the_ai_sdk_asks_again_by_itself(kind: Kind) -> None:
    """Unless it has answered a call: `lastAssistantMessageIsCompleteWithToolCalls`."""
    made, _ = answer(kind, Model(scripts=kind.scripts), stream=False)
    request = asked(kind, stream=False)
    async with asyncio.timeout(30), aclosing(made):
        frames = [f async for f in dialects.load("ui-message").encode(made, request)]
    last: list[Any] = []
    for part in json.loads(b"".join(frames))["parts"]:
        last = [] if part["type"] == "step-start" else [*last, part]
    calls = [each for each in last if "toolCallId" in each]
    own = [each["state"] for each in calls if not each.get("providerExecuted")]
    assert not own or not all(state.startswith("output") for state in own)


@pytest.mark.parametrize("kind", KINDS, ids=str)
async def test_it_has_one_ending_its_reason_and_the_usage_of_all_calls(
    kind: Kind,
) -> None:
    found, run = await events(kind)
    assert [type(event) for event in found].count(Done) == 1
    done = found[-1]
    assert isinstance(done, Done)
    assert (done.finish_reason, run.status) == (kind.finish, "ok")
    assert len(run.calls) >= kind.calls
    tokens = kind.calls if kind.tokens is None else kind.tokens
    assert done.usage.output_tokens == tokens
    outputs = [event.value for event in found if isinstance(event, Output)]
    assert outputs == ([] if kind.output is None else [kind.output])


@pytest.mark.parametrize("kind", [k for k in KINDS if k.streams], ids=str)
async def test_it_streams_the_models_pieces(kind: Kind) -> None:
    found, _ = await events(kind)
    pieces = [event.text for event in found if isinstance(event, TextDelta)]
    assert "".join(pieces) == kind.text
    assert len(pieces) > kind.text.count("\n\n") + kind.text.count("Limit") + 1


MODELS = [kind for kind in KINDS if kind.calls]


@pytest.mark.parametrize("kind", MODELS, ids=str)
async def test_an_exception_of_the_model_is_the_runs(kind: Kind) -> None:
    broken = ["Alpha ", ValueError("the prompt is in here")]
    found, run = await events(kind, broken)
    assert isinstance(found[-1], Done)
    assert (found[-1].finish_reason, run.status) == ("error", "error")
    [error] = [event.error for event in found if isinstance(event, Error)]
    assert (error.status, error.code) == (500, "internal_error")
    assert "prompt" not in error.message


SYNCHRONOUS = (
    *("function", "generator-function", "graph-of-sync-nodes"),
    *("class-of-ones-own", "class-that-streams"),
)
"""In a thread, which nothing can stop."""


@pytest.mark.parametrize(
    "kind", [k for k in MODELS if k.name not in SYNCHRONOUS], ids=str
)
async def test_a_caller_who_leaves_stops_the_innermost_call(kind: Kind) -> None:
    model = Model(scripts=[["Alpha ", asyncio.Event()]])
    made, _ = answer(kind, model)
    reading = asyncio.create_task(drained(made))
    async with asyncio.timeout(30):
        await model.waits.wait()
        reading.cancel()
        await asyncio.wait([reading])
    assert (model.left, model.ended) == (model.begun, 0)


async def drained(made: AsyncGenerator[Event]) -> None:
    async with aclosing(made):
        async for _ in made:
            pass


@pytest.mark.parametrize("refused", REFUSED, ids=str)
async def test_what_cannot_run_says_why(refused: Refused) -> None:
    message = {"role": "user", "content": refused.content}
    request = validate({"messages": [message], "inputs": dict(refused.inputs)})
    model = Model(scripts=refused.scripts)
    with pytest.raises(ChatError) as raised:
        await drained(events_of(prepare(refused.make(model)), request, Run()))
    error = raised.value
    assert (error.status, error.code) == (refused.status, refused.code)
    assert error.message.startswith(refused.says)


def test_there_are_forty_kinds_and_the_page_of_the_docs_has_them() -> None:
    assert len(KINDS) >= 40
    written = PAGE.read_text(encoding="utf-8")
    assert written == page(written), "run `python -m tests.support.runnables_page`"
