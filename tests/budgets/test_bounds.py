"""By how much one answer may pass its budget, however the model's chunks are cut."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import SecretStr

import app
from app.chat import start
from runs import Run
from settings import Settings
from settings.budgets import Budget
from settings.platform import Platform
from streaming import dialects
from tests.support.replayed_upstream import Replay

BUDGET = 2_000
MOST_OVER = 256

type Delta = dict[str, Any]


def text(tokens: int) -> Delta:
    return {"content": "four" * tokens}


def arguments(tokens: int) -> Delta:
    function = {"name": "look_up", "arguments": "four" * tokens}
    return {"tool_calls": [{"index": 0, "id": "c1", "function": function}]}


def stream(deltas: Sequence[Delta]) -> list[bytes]:
    """What a backend sends that goes on for ever after *deltas*, as far as it gets."""
    choices = [{"index": 0, "delta": each, "finish_reason": None} for each in deltas]
    chunk = {"id": "c", "object": "chat.completion.chunk"}
    return [
        b"data: %b\n\n" % json.dumps({**chunk, "choices": [choice]}).encode()
        for choice in choices
    ]


SUDDEN = [text(1)] * 700 + [text(250)] * 60
ANSWERS: dict[str, list[Delta]] = {
    "tokens one by one": [text(1)] * 6_000,
    "half a token at a time": [{"content": "ab"}] * 6_000,
    "chunks that suddenly grow": SUDDEN,
    "chunks that grow at the end": [text(1)] * 1_900 + [text(250)] * 60,
    "large chunks": [text(250)] * 60,
    "reasoning": [{"reasoning_content": "four" * 20}] * 600,
    "a tool's arguments, of which nothing is shown": [arguments(1)] * 6_000,
    "a tool's arguments after a text": [text(1)] * 500 + [arguments(1)] * 6_000,
}


@pytest.fixture
def settings(tmp_path: Any) -> dict[str, Any]:
    return {
        "azure_openai_deployment": "gpt-4o",
        "azure_openai_api_key": SecretStr("key"),
        "telemetry_path": str(tmp_path),
    }


async def answer(built: app.App, *, streamed: bool) -> Run:
    asked = {"user": "hello", "chain": "chat", "stream": streamed}
    request = dialects.load("json").parse(json.dumps(asked).encode(), {})
    run = Run(dialect="json", principal="web")
    response = start(built, request, run)

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        pass

    async with asyncio.timeout(20):
        await response({"type": "http"}, receive, send)
    return run


def used(run: Run) -> int:
    """As it looks, token by token; the final estimate may be lower."""
    return sum(each.prompt_tokens + each.written_tokens for each in run.calls.values())


@pytest.mark.parametrize("streamed", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("name", ANSWERS)
async def test_an_answer_is_over_by_a_step_at_most(
    settings: dict[str, Any], name: str, streamed: bool
) -> None:
    async with Replay(pieces=stream(ANSWERS[name])).served() as url:
        budgets = {"web": Budget(tokens=BUDGET, per="month")}
        made = Settings(azure_openai_endpoint=url, budgets=budgets, **settings)
        built = app.build(made, Platform())
        run = await answer(built, streamed=streamed)
        await built.proxy.aclose()
    assert run.status == "budget"
    assert BUDGET - MOST_OVER <= used(run) <= BUDGET + MOST_OVER


async def test_a_price_is_kept_to_as_well(settings: dict[str, Any]) -> None:
    """Of a model that is cheap at first sight: its tokens cost as they are counted."""
    async with Replay(pieces=stream(SUDDEN)).served() as url:
        made = Settings(
            azure_openai_endpoint=url,
            budgets={"web": Budget(cost=0.02, per="month")},
            prices={"*": {"input": 1, "output": 10}},
            **settings,
        )
        built = app.build(made, Platform())
        run = await answer(built, streamed=True)
        await built.proxy.aclose()
    assert run.status == "budget"
    assert 0.000_010 * used(run) <= 0.02 + 0.000_010 * MOST_OVER
