"""Exhaustion: what the caller is told once no backend is left."""

import asyncio

import pytest

from tests.standin.process import StandIn
from tests.support.backend_pool import (
    CHAIN,
    PROXY,
    WAYS,
    PooledApp,
    asked,
    asking,
    backend,
    closed_port,
    two,
)


@pytest.mark.parametrize(("path", "stream"), WAYS)
async def test_where_all_are_left_alone_nobody_is_asked(
    standin: StandIn, path: str, stream: bool
) -> None:
    tag = f"all-cooling-{path.replace('/', '')}-{stream}"
    pooled = PooledApp(two(standin))
    async with pooled.served() as client:
        first = f"rate_limited only=ptu retry_after_ms=90000 tag={tag}"
        assert (await client.post(path, json=asking(path, first))).status_code == 200
        second = f"rate_limited retry_after_ms=40000 tag={tag}"
        for _ in range(3):
            body = asking(path, second, stream=stream)
            response = await client.post(path, json=body)
            assert response.status_code == 429
            assert 30 < int(response.headers["retry-after"]) <= 40
            assert response.json()["error"]["code"] == "rate_limited"
    assert await asyncio.to_thread(asked, standin, tag) == ["ptu", "payg", "payg"]


@pytest.mark.parametrize("path", [CHAIN, PROXY])
async def test_one_busy_backend_is_more_telling_than_a_broken_one(
    standin: StandIn, path: str
) -> None:
    down = backend(
        standin, "down", priority=2, endpoint=f"http://127.0.0.1:{closed_port()}"
    )
    pooled = PooledApp([backend(standin, "ptu"), down])
    async with pooled.served() as client:
        body = asking(path, "rate_limited retry_after=60")
        response = await client.post(path, json=body)
        run = await pooled.run()
    assert response.status_code == 429
    # The broken one is the last that is left, and may be asked sooner.
    assert response.headers["retry-after"] == "5"
    assert run.last_call is not None
    assert (run.last_call.deployment, run.last_call.backend) == ("down", down.address)


@pytest.mark.parametrize(
    ("scenario", "status", "code"),
    [
        ("server_error", 502, "upstream_error"),
        ("unauthorized", 502, "upstream_auth"),
        ("not_found", 404, "deployment_not_found"),
        ("drop_before", 502, "upstream_error"),
        ("error_event tokens=0", 502, "upstream_error"),
    ],
)
async def test_where_all_have_failed_the_last_one_is_told(
    standin: StandIn, scenario: str, status: int, code: str
) -> None:
    pooled = PooledApp(two(standin))
    async with pooled.served() as client:
        response = await client.post(CHAIN, json=asking(CHAIN, scenario))
        run = await pooled.run()
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (status, code)
    assert run.last_call is not None
    last = pooled.settings.backends[1].address
    assert (run.last_call.deployment, run.last_call.backend) == ("payg", last)


async def test_where_all_have_failed_a_proxied_call_has_the_last_ones_words(
    standin: StandIn,
) -> None:
    pooled = PooledApp(two(standin))
    async with pooled.served() as client:
        body = asking(PROXY, "server_error status=503")
        response = await client.post(PROXY, json=body)
    assert response.status_code == 503
    assert response.json()["error"]["code"] == "server_error"
    assert response.headers["x-deployment"] == "payg"
