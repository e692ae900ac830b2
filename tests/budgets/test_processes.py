"""One budget, several processes, whatever engine they share."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess
from tests.support.azurite import Azurite
from tests.support.redis_server import redis_server

LIMIT = 3000
"""Tokens: room for about ten answers of 280."""


@pytest.fixture(params=["sqlite", "storage", "redis"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    match request.param:
        case "sqlite":
            yield {"STORE": f"sqlite:{tmp_path / 'store.db'}"}
        case "storage":
            with Azurite() as azurite:
                account = azurite.connection_string
                yield {"STORE": "storage", "AzureWebJobsStorage": account}
        case _:
            with redis_server() as url:
                yield {"STORE": url}


async def test_two_processes_use_no_more_than_there_is(
    standin: StandIn, place: dict[str, str]
) -> None:
    budgets = json.dumps({"*": {"tokens": LIMIT, "per": "month"}})
    settings = azure(standin, BUDGETS=budgets) | place
    with ExitStack() as stack:
        servers = [stack.enter_context(AppProcess(settings)) for _ in range(2)]
        for server in servers:
            await asyncio.to_thread(server.warm)
        answers = await asked_at_once([server.url for server in servers], 200)
        used = sum(answer["usage"]["total_tokens"] for answer in answers)
        assert 0 < used <= LIMIT + 256 * len(answers)
        after = await asked_at_once([server.url for server in servers], 2)
        assert (
            used + sum(each["usage"]["total_tokens"] for each in after) <= LIMIT + 256
        )


async def asked_at_once(urls: list[str], count: int) -> list[dict[str, dict[str, int]]]:
    """The answers to *count* questions that were not refused."""
    limits = httpx.Limits(max_connections=None)
    body = {"user": "standin:answer tokens=270", "stream": False}
    async with httpx.AsyncClient(timeout=60, limits=limits) as client:
        posted = (
            client.post(f"{urls[n % len(urls)]}/api/chat", json=body)
            for n in range(count)
        )
        responses = await asyncio.gather(*posted)
    assert {each.status_code for each in responses} <= {200, 429}
    return [each.json() for each in responses if each.status_code == 200]
