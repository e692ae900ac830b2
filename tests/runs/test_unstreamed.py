"""An answer that does not stream, stopped by its run's id: what its caller gets."""

import json
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

import app
from app.chat import start
from runs import Run
from settings import Settings
from settings.platform import Platform
from streaming import dialects
from tests.support.served_response import served

BODIES = {
    "openai": {"model": "slow", "messages": [{"role": "user", "content": "?"}]},
    "ui-message": {
        "chain": "slow",
        "messages": [{"role": "user", "parts": [{"type": "text", "text": "?"}]}],
    },
}


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("dialect", "status", "said"),
    [
        ("json", 200, '"finish_reason":"cancelled"'),
        ("openai", 409, '"code":"cancelled"'),
        ("text", 200, "begun"),
        ("delta", 200, '{"message":"begun"}'),
        ("plain", 409, "cancelled"),  # It has no place for a reason.
        ("ui-message", 200, "begun"),
    ],
)
async def test_a_stopped_answer_that_does_not_stream_has_its_ending(
    dialect: str, status: int, said: str, tmp_path: Path
) -> None:
    settings = Settings(
        chains="slow=tests.support.thread_chains:slow", telemetry_path=str(tmp_path)
    )
    built, wire = app.build(settings, Platform()), dialects.load(dialect)
    body: dict[str, Any] = BODIES.get(dialect, {"user": "?", "chain": "slow"})
    asked = wire.parse(json.dumps({**body, "stream": False}).encode(), {})
    run = Run(dialect=dialect)
    with anyio.fail_after(40):  # The first imports LangChain.
        async with (
            served(lambda: start(built, asked, run)) as url,
            httpx.AsyncClient(timeout=40) as client,
            anyio.create_task_group() as tasks,
        ):
            answers: list[httpx.Response] = []

            async def ask() -> None:
                answers.append(await client.get(url))

            tasks.start_soon(ask)
            while not run.spoken:
                await anyio.lowlevel.checkpoint()
            assert built.logs.cancel(run.id)
    [answer] = answers
    assert (answer.status_code, run.status) == (status, "cancelled")
    assert said in answer.text
    assert answer.headers["x-run-id"] == run.id
    await built.proxy.aclose()
