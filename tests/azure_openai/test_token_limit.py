"""The token limit reaches each model under the name that it takes."""

import asyncio
from typing import Any

import pytest
from pydantic import SecretStr

from azure_openai import refusals
from runnables import chat_model
from settings import Settings
from tests.standin.process import StandIn
from tests.support.backend_pool import (
    CHAIN,
    OPENAI,
    PROXY,
    WHOLE,
    PooledApp,
    asking,
    backend,
    text_of,
)

OLDER, NEWER = {"max_tokens": 7}, {"max_completion_tokens": 7}
NATIVE = [(CHAIN, True), (CHAIN, False), (WHOLE, True)]
COMPLETIONS = [(OPENAI, True), (OPENAI, False)]

Sent = list[dict[str, int]]


async def sent(standin: StandIn, tag: str) -> Sent:
    """The token limits of each request with *tag*."""
    requests = await asyncio.to_thread(standin.requests, tag)
    bodies: list[dict[str, Any]] = [request["body"] for request in requests]
    return [{n: body[n] for n in (*OLDER, *NEWER) if n in body} for body in bodies]


async def twice(
    standin: StandIn,
    deployment: str,
    scenario: str,
    limit: dict[str, int],
    way: tuple[str, bool],
) -> Sent:
    """The limits that *deployment* is sent for two requests, both answered."""
    path, stream = way
    tag = f"{deployment}-{path.replace('/', '')}-{stream}-{scenario}-{limit}"
    tag = "".join(filter(str.isalnum, tag))
    pooled = PooledApp([backend(standin, deployment)])
    body = asking(path, f"{scenario} tokens=2 tag={tag}", stream=stream) | limit
    async with pooled.served() as client:
        for _ in range(2):
            answer = await client.post(path, json=body)
            assert text_of(path, answer, stream=stream) == "tok0 tok1"
    for run in pooled.runs:
        assert run.last_call is not None
        assert run.last_call.parameters == limit
    return await sent(standin, tag)


@pytest.mark.parametrize("way", NATIVE)
@pytest.mark.parametrize(
    ("deployment", "limit"),
    [("gpt-4o", OLDER), ("gpt-5-mini", NEWER), ("O3", NEWER), ("my-gpt-5", OLDER)],
)
async def test_the_native_limit_goes_by_the_name_that_the_deployment_suggests(
    standin: StandIn, deployment: str, limit: dict[str, int], way: tuple[str, bool]
) -> None:
    found = await twice(standin, deployment, "answer", OLDER, way)
    assert found == [limit, limit]


@pytest.mark.parametrize("way", NATIVE)
async def test_a_refused_name_is_replaced_once_and_from_then_on(
    standin: StandIn, way: tuple[str, bool]
) -> None:
    found = await twice(standin, "gpt-4o", "refusing", OLDER, way)
    assert found == [OLDER, NEWER, NEWER]
    unwanted = "forbidding fields=max_completion_tokens"
    found = await twice(standin, "o1", unwanted, OLDER, way)
    assert found == [NEWER, OLDER, OLDER]


@pytest.mark.parametrize("way", COMPLETIONS)
@pytest.mark.parametrize("deployment", ["gpt-4o", "gpt-5"])
async def test_the_name_that_a_caller_uses_goes_first(
    standin: StandIn, deployment: str, way: tuple[str, bool]
) -> None:
    for limit, other in ((OLDER, NEWER), (NEWER, OLDER)):
        [name] = limit
        found = await twice(standin, deployment, "answer", limit, way)
        assert found == [limit, limit]
        refusing = f"refusing fields={name}"
        found = await twice(standin, deployment, refusing, limit, way)
        assert found == [limit, other, other]


@pytest.mark.parametrize(
    ("kind", "requests"), [("refusing", [7, 7, 7, 7]), ("forbidding", [7, 7, 7])]
)
async def test_stream_options_may_be_refused_beside_it(
    standin: StandIn, kind: str, requests: list[int]
) -> None:
    """By one refusal after the other, or by one that names both."""
    scenario = f"{kind} fields=stream_options,max_tokens"
    found = await twice(standin, "gpt-4o", scenario, OLDER, (CHAIN, True))
    assert [value for each in found for value in each.values()] == requests
    assert found[-2:] == [NEWER, NEWER]


async def test_if_both_names_are_refused_the_caller_reads_which(
    standin: StandIn,
) -> None:
    fields = "max_tokens,max_completion_tokens"
    pooled = PooledApp([backend(standin, "gpt-4o")])
    async with pooled.served() as client:
        for path in (CHAIN, OPENAI, CHAIN):
            body = asking(path, f"refusing fields={fields} tag=neither") | OLDER
            refused = await client.post(path, json=body)
            assert refused.status_code == 400
            error = refused.json()["error"]
            assert error["message"] == (
                "The model refused the request. Parameter: max_completion_tokens."
            )
            assert error.get("param") in (None, "max_completion_tokens")
    assert await sent(standin, "neither") == [OLDER, NEWER] * 3


async def test_a_limit_that_is_too_large_is_not_tried_by_its_other_name(
    standin: StandIn,
) -> None:
    """A server that passes that over would answer without any limit."""
    pooled = PooledApp([backend(standin, "gpt-4o")])
    async with pooled.served() as client:
        body = asking(CHAIN, "limited most=5 tag=too-large") | OLDER
        refused = await client.post(CHAIN, json=body)
    assert refused.status_code == 400
    assert refused.json()["error"]["message"].endswith("Parameter: max_tokens.")
    assert await sent(standin, "too-large") == [OLDER]


async def test_a_model_that_has_changed_is_learned_again(standin: StandIn) -> None:
    pooled = PooledApp([backend(standin, "gpt-4o")])
    async with pooled.served() as client:
        for field in ("max_tokens", "max_completion_tokens", "max_tokens"):
            body = asking(CHAIN, f"refusing fields={field} tag=changed") | OLDER
            assert (await client.post(CHAIN, json=body)).status_code == 200
    assert await sent(standin, "changed") == [OLDER, NEWER, NEWER, OLDER, OLDER, NEWER]


@pytest.mark.parametrize(("path", "stream"), NATIVE)
async def test_each_backend_is_asked_by_the_name_that_it_takes(
    standin: StandIn, path: str, stream: bool
) -> None:
    tag = f"failover-limit-{path.replace('/', '')}-{stream}"
    names = ["gpt-5", "gpt-4o", "chat"]
    pooled = PooledApp([backend(standin, n, priority=i) for i, n in enumerate(names)])
    busy = asking(path, f"rate_limited only=gpt-5,gpt-4o tag={tag}") | OLDER
    async with pooled.served() as client:
        answer = await client.post(path, json={**busy, "stream": stream})
    assert answer.status_code == 200
    assert await sent(standin, tag) == [NEWER, OLDER, OLDER]


async def test_a_proxied_call_is_refused_as_it_would_be_elsewhere(
    standin: StandIn,
) -> None:
    pooled = PooledApp([backend(standin, "ptu")])
    async with pooled.served() as client:
        body = asking(PROXY, "refusing tag=proxied-limit") | OLDER
        refused = await client.post(PROXY, json=body)
    assert refused.status_code == 400
    assert refused.json()["error"]["param"] == "max_tokens"
    assert await sent(standin, "proxied-limit") == [OLDER]


@pytest.mark.parametrize(
    ("own", "given", "expected"),
    [
        (None, {}, {}),
        (None, OLDER, OLDER),
        (None, NEWER, NEWER),
        (9, {}, {"max_tokens": 9}),
        (9, OLDER, OLDER),
        (9, NEWER, NEWER),
        (9, {"max_tokens": None}, {}),
        (None, {"max_tokens": 9, **NEWER}, NEWER),
    ],
)
@pytest.mark.parametrize("azure", [True, False])
async def test_of_several_limits_one_is_sent(
    standin: StandIn,
    own: int | None,
    given: dict[str, Any],
    expected: dict[str, int],
    azure: bool,
) -> None:
    """A chain's author may set one in the model, and another one for a call."""
    tag = "".join(filter(str.isalnum, f"own{own}{given}{azure}"))
    key = SecretStr(standin.key)
    settings = (
        Settings(
            azure_openai_endpoint=standin.url,
            azure_openai_deployment="gpt-4o",
            azure_openai_api_key=key,
        )
        if azure
        else Settings(
            openai_base_url=f"{standin.url}/v1",
            openai_model="gpt-5",
            openai_api_key=key,
        )
    )
    model: Any = chat_model(settings).model_copy(update={"max_tokens": own})
    try:
        await model.ainvoke(f"standin:answer tag={tag}", **given)
    finally:
        await model.root_async_client.close()
    assert await sent(standin, tag) == [expected]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://api.openai.com/v1", "max_completion_tokens"),
        ("https://eu.api.openai.com/v1", "max_completion_tokens"),
        ("https://api.openai.com.example.org/v1", "max_tokens"),
        ("https://notapi.openai.com/v1", "max_tokens"),
        ("http://127.0.0.1:11434/v1", "max_tokens"),
    ],
)
def test_only_openai_itself_is_asked_by_the_newer_name(url: str, name: str) -> None:
    settings = Settings(openai_base_url=url, openai_model="gpt-5")
    assert refusals.usual_limit(settings, settings.backends[0]) == name
