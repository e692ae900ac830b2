"""A model that thinks in silence is waited for: asked again, it would be paid twice."""

import asyncio

import pytest

from tests.standin.process import StandIn
from tests.support.backend_pool import (
    CHAIN,
    OPENAI,
    PROXY,
    WHOLE,
    PooledApp,
    asked,
    asking,
    backend,
    text_of,
)

PATHS = [CHAIN, OPENAI, PROXY]


def thinking(tag: str, deployment: str) -> str:
    """A head within the time, and the first token after it."""
    return f"stall after=0 for_ms=1500 tokens=2 only={deployment} tag={tag}"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", ["o1", "O3-mini", "o4", "gpt-5-nano"])
async def test_a_reasoning_model_by_its_name_has_the_time_it_takes(
    standin: StandIn, path: str, name: str
) -> None:
    tag = f"thinks-{name}-{path.replace('/', '')}"
    pool = [backend(standin, name), backend(standin, "payg", priority=2)]
    pooled = PooledApp(pool, more={"backend_timeout_seconds": 0.5})
    async with pooled.served() as client:
        url = path.replace("ptu", name)
        answer = await client.post(url, json=asking(path, thinking(tag, name)))
    assert text_of(path, answer) == "tok0 tok1"
    assert await asyncio.to_thread(asked, standin, tag) == [name]


@pytest.mark.parametrize("path", PATHS)
async def test_so_has_one_that_has_reported_reasoning_tokens(
    standin: StandIn, path: str
) -> None:
    tag = f"thought-{path.replace('/', '')}"
    pool = [backend(standin, "ptu"), backend(standin, "payg", priority=2)]
    pooled = PooledApp(pool, more={"backend_timeout_seconds": 0.5})
    async with pooled.served() as client:
        await client.post(path, json=asking(path, "reasoning"))
        answer = await client.post(path, json=asking(path, thinking(tag, "ptu")))
    assert text_of(path, answer) == "tok0 tok1"
    assert await asyncio.to_thread(asked, standin, tag) == ["ptu"]


@pytest.mark.parametrize("path", [CHAIN, WHOLE])
async def test_so_has_one_that_has_reported_them_to_the_responses_api(
    standin: StandIn, path: str
) -> None:
    """What OpenAI's SDK sends is read by LangChain alone."""
    tag = f"responded-{path.replace('/', '')}"
    pool = [backend(standin, "ptu"), backend(standin, "payg", priority=2)]
    responses = {"backend_timeout_seconds": 0.5, "azure_openai_api": "responses"}
    async with PooledApp(pool, more=responses).served() as client:
        await client.post(path, json=asking(path, "reasoning"))
        answer = await client.post(CHAIN, json=asking(CHAIN, thinking(tag, "ptu")))
    assert text_of(CHAIN, answer) == "tok0 tok1"
    assert len(await asyncio.to_thread(standin.requests, tag)) == 1


@pytest.mark.parametrize("path", PATHS)
async def test_any_other_is_not_waited_for_nor_is_one_without_a_head(
    standin: StandIn, path: str
) -> None:
    for name, scenario in (
        ("ptu", thinking("idle", "ptu")),
        ("o1", "slow_first ms=1500 only=o1"),
    ):
        pool = [backend(standin, name), backend(standin, "payg", priority=2)]
        pooled = PooledApp(pool, more={"backend_timeout_seconds": 0.5})
        async with pooled.served() as client:
            url = path.replace("ptu", name)
            answer = await client.post(url, json=asking(path, scenario))
        assert text_of(path, answer).startswith("The capital of France")
