"""A store that takes longer than a status is held: the status is true all the same."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

import app
import store
from app.chat import start
from runs import Run
from settings import Settings
from settings.budgets import Budget
from settings.platform import Platform
from store import Document, StoreError
from store.memory import MemoryStore
from streaming import dialects

SLOW_SECONDS = 0.2
"""Seconds of each call to the store; the status is held for a quarter of one."""

CHAINS = {name: f"tests.support.thread_chains:{name}" for name in ("echo", "slow")}


class SlowStore(MemoryStore):
    """While it is `down`, its calls fail, as slowly."""

    down = False

    async def get(self, partition: str, key: str) -> Document | None:
        await self._take_time()
        return await super().get(partition, key)

    async def put(self, partition: str, key: str, value: bytes, **more: Any) -> str:
        await self._take_time()
        return await super().put(partition, key, value, **more)

    async def _take_time(self) -> None:
        await asyncio.sleep(SLOW_SECONDS)
        if self.down:
            raise StoreError("down")


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> SlowStore:
    made = SlowStore()
    monkeypatch.setattr(store, "ENGINES", {"memory": lambda address: made})
    return made


@pytest.fixture
def build(kept: SlowStore, tmp_path: Any) -> Callable[..., app.App]:
    def built(**more: Any) -> app.App:
        settings = Settings(
            chains=CHAINS,
            chat_chain="echo",
            first_token_peek_seconds=SLOW_SECONDS / 4,
            telemetry_path=str(tmp_path),
            **more,
        )
        return app.build(settings, Platform())

    return built


@dataclass
class Answer:
    """What a caller gets; `begun` is set with its first bytes."""

    status: int = 0
    body: bytes = b""
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["error"]["code"])


async def ask(built: app.App, answer: Answer, **fields: Any) -> Answer:
    request = dialects.load("json").parse(
        json.dumps({"user": "a", **fields}).encode(), {}
    )
    run = Run(dialect="json", principal="web", owner="o" * 64)
    response = start(built, request, run)

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        answer.status = message.get("status", answer.status)
        answer.body += message.get("body", b"")
        if message.get("body"):
            answer.begun.set()

    async with asyncio.timeout(10):
        await response({"type": "http"}, receive, send)
    return answer


async def test_a_thread_on_which_another_run_is_is_409(
    build: Callable[..., app.App],
) -> None:
    asked = partial(ask, build(), thread_id="t")
    first = Answer()
    running = asyncio.create_task(asked(first, chain="slow"))
    async with asyncio.timeout(10):
        await first.begun.wait()
    refused = await asked(Answer(), chain="slow")
    running.cancel()
    await asyncio.wait([running])
    assert (refused.status, refused.code) == (409, "thread_busy")


async def test_a_thread_of_another_chain_is_409(build: Callable[..., app.App]) -> None:
    asked = partial(ask, build(), thread_id="t")
    assert (await asked(Answer(), chain="echo")).status == 200
    refused = await asked(Answer(), chain="slow")
    assert (refused.status, refused.code) == (409, "thread_chain")


async def test_a_store_that_is_slow_and_down_is_503(
    build: Callable[..., app.App], kept: SlowStore
) -> None:
    kept.down = True
    refused = await ask(build(), Answer(), thread_id="t")
    assert (refused.status, refused.code) == (503, "store_unavailable")


@pytest.mark.parametrize("fields", [{}, {"thread_id": "t"}])
async def test_a_budget_that_is_used_up_is_429(
    build: Callable[..., app.App], fields: dict[str, str]
) -> None:
    budgets = {"web": Budget(tokens=9, per="month")}
    refused = await ask(build(budgets=budgets), Answer(), **fields)
    assert (refused.status, refused.code) == (429, "quota_exceeded")


async def test_an_answer_goes_on_however_slow_the_store_is(
    build: Callable[..., app.App],
) -> None:
    budgets = {"web": Budget(tokens=99_999, per="month")}
    built = build(budgets=budgets)
    for _ in range(2):
        answer = await ask(built, Answer(), thread_id="t")
        assert answer.status == 200
        assert b'"finish_reason":"stop"' in answer.body
        assert b"event: error" not in answer.body
    # The second answer tells what the thread had before its question.
    assert b'"delta_content":"[\\"a\\", ' in answer.body
