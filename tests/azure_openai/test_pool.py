"""The pool of backends: which one is asked, by which name, and for how many at once."""

import asyncio
import random
from functools import partial

import pytest

from tests.standin.answers import SENTENCE
from tests.standin.process import StandIn
from tests.support.app_process import until
from tests.support.backend_pool import (
    CHAIN,
    PROXY,
    WHOLE,
    PooledApp,
    asked,
    asking,
    backend,
    closed_port,
    text_of,
    two,
)


@pytest.mark.parametrize("path", [CHAIN, WHOLE, PROXY])
async def test_who_asks_to_be_left_alone_is(standin: StandIn, path: str) -> None:
    tag = f"cooling-{path.replace('/', '')}"
    pooled = PooledApp(two(standin))
    async with pooled.served() as client:
        fault = f"rate_limited only=ptu retry_after=60 tag={tag}"
        for _ in range(3):
            response = await client.post(path, json=asking(path, fault))
            assert text_of(path, response) == SENTENCE
    expected = ["ptu", "payg", "payg", "payg"]
    assert await asyncio.to_thread(asked, standin, tag) == expected


@pytest.mark.parametrize("path", [CHAIN, PROXY])
async def test_weights_share_the_load(standin: StandIn, path: str) -> None:
    random.seed(1)
    tag = f"weights-{path.replace('/', '')}"
    pooled = PooledApp([backend(standin, "one", weight=3), backend(standin, "two")])
    path = path.replace("ptu", "one")
    async with pooled.served() as client:
        for _ in range(40):
            body = asking(path, f"answer tokens=1 tag={tag}")
            assert text_of(path, await client.post(path, json=body)) == "tok0"
    shares = await asyncio.to_thread(asked, standin, tag)
    assert len(shares) == 40
    assert shares.count("one") > shares.count("two") > 0


async def test_another_deployment_is_asked_for_by_its_name_at_each_endpoint(
    standin: StandIn,
) -> None:
    tag, path = "another", "/openai/deployments/mini/chat/completions"
    down = backend(
        standin, "ptu", priority=0, endpoint=f"http://127.0.0.1:{closed_port()}"
    )
    third = backend(standin, "other")
    pooled = PooledApp([down, *two(standin), third])
    async with pooled.served() as client:
        body = asking(path, f"answer tokens=1 tag={tag}")
        response = await client.post(path, json=body)
    assert text_of(path, response) == "tok0"
    assert response.headers["x-deployment"] == "mini"
    assert await asyncio.to_thread(asked, standin, tag) == ["mini"]


@pytest.mark.parametrize("path", [CHAIN, PROXY])
async def test_the_connection_pool_is_no_hidden_queue(
    standin: StandIn, path: str
) -> None:
    """Each answer waits for all others to have begun."""
    callers, tag = 400, f"many-{path.replace('/', '')}"
    pooled = PooledApp(two(standin))
    async with pooled.served() as client:
        body = asking(path, f"stall tokens=2 after=1 tag={tag}")
        async with asyncio.timeout(50):
            waiting = [
                asyncio.create_task(client.post(path, json=body))
                for _ in range(callers)
            ]

            def open_upstream() -> int:
                requests = standin.requests(tag)
                return sum(request["outcome"] == "open" for request in requests)

            everyone = partial(until, every=0.2)  # A look has a record of each.
            await asyncio.to_thread(everyone, lambda: open_upstream() == callers, 50)
            for each in waiting:
                each.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
