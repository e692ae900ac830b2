"""Faults before the first visible token are not the caller's; over real sockets."""

import asyncio

import httpx
import pytest

from server.limits import Limits
from tests.standin.answers import SENTENCE
from tests.standin.process import StandIn
from tests.support.backend_pool import (
    CHAIN,
    OPENAI,
    PROXY,
    WAYS,
    PooledApp,
    asked,
    asking,
    backend,
    closed_port,
    text_of,
    two,
)

FAULTS = {
    "429": "rate_limited retry_after=7",
    "429-without-wait": "rate_limited",
    "500": "server_error",
    "503": "server_error status=503",
    "401": "unauthorized",
    "403": "forbidden",
    "404": "not_found",
    "cut-before-anything": "drop_before",
    "cut-after-headers": "drop_headers",
    "reset-after-role": "drop tokens=0",
    "close-after-role": "drop tokens=0 fin=1",
    "end-after-role": "cut tokens=0",
    "error-event": "error_event tokens=0",
    "no-json": "malformed tokens=0",
}


@pytest.mark.parametrize(("path", "stream"), WAYS)
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_of_one_backend_is_not_the_callers(
    standin: StandIn, fault: str, path: str, stream: bool
) -> None:
    tag = f"{fault}-{path.replace('/', '')}-{stream}"
    pooled = PooledApp(two(standin))
    scenario = f"{FAULTS[fault]} only=ptu tag={tag}"
    async with pooled.served() as client:
        body = asking(path, scenario, stream=stream)
        response = await client.post(path, json=body)
        run = await pooled.run()
    text = text_of(path, response, stream=stream)
    expected = await asyncio.to_thread(asked, standin, tag)
    assert expected == ["ptu", "payg"]
    assert text == SENTENCE
    assert (run.status, run.deployment) == ("ok", "payg")
    call = run.last_call
    assert call is not None
    assert (call.deployment, call.backend) == (
        "payg",
        pooled.settings.backends[1].address,
    )
    assert call.region == "Sweden Central"
    assert {name: response.headers[name] for name in run.headers} == {
        "x-deployment": "payg",
        "x-backend": pooled.settings.backends[1].address,
        "x-ms-region": "Sweden Central",
    }


@pytest.mark.parametrize(("path", "stream"), WAYS)
async def test_a_refused_connection_is_not_the_callers(
    standin: StandIn, path: str, stream: bool
) -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    down = backend(standin, "ptu", endpoint=url)
    pooled = PooledApp([down, backend(standin, "payg", priority=2)])
    async with pooled.served() as client:
        body = asking(path, "answer tokens=2", stream=stream)
        response = await client.post(path, json=body)
    assert text_of(path, response, stream=stream) == "tok0 tok1"


@pytest.mark.parametrize("fault", ["silent", "slow_first ms=600000"])
@pytest.mark.parametrize("path", [CHAIN, OPENAI, PROXY])
async def test_a_backend_that_says_nothing_is_not_waited_for(
    standin: StandIn, path: str, fault: str
) -> None:
    tag = f"{fault.split()[0]}-{path.replace('/', '')}"
    pooled = PooledApp(two(standin), more={"backend_timeout_seconds": 1.5})
    async with pooled.served() as client:
        body = asking(path, f"{fault} only=ptu tag={tag}")
        response = await client.post(path, json=body)
    assert text_of(path, response) == SENTENCE
    left = await asyncio.to_thread(standin.wait_closed, tag)
    assert left["path"].split("/")[3] == "ptu"


async def test_an_answer_that_does_not_stream_has_half_of_the_time(
    standin: StandIn,
) -> None:
    limits = Limits(peek=20, first_token=8)
    pooled = PooledApp(two(standin), limits, {"backend_timeout_seconds": 0.1})
    async with pooled.served() as client:
        slow = asking(PROXY, "slow_first ms=500 only=ptu tag=slow-whole", stream=False)
        response = await client.post(PROXY, json=slow)
        assert text_of(PROXY, response, stream=False) == SENTENCE
        silent = asking(PROXY, "silent only=ptu tag=silent-whole", stream=False)
        response = await client.post(PROXY, json=silent)
        assert text_of(PROXY, response, stream=False) == SENTENCE
    for tag, expected in (("slow-whole", ["ptu"]), ("silent-whole", ["ptu", "payg"])):
        assert await asyncio.to_thread(asked, standin, tag) == expected


@pytest.mark.parametrize("path", [CHAIN, OPENAI, PROXY])
@pytest.mark.parametrize("fault", ["drop", "error_event", "cut", "malformed"])
async def test_after_the_first_token_a_fault_is_told_and_nothing_repeated(
    standin: StandIn, path: str, fault: str
) -> None:
    tag = f"late-{fault}-{path.replace('/', '')}"
    pooled = PooledApp(two(standin))
    async with pooled.served() as client:
        body = asking(path, f"{fault} tokens=2 delay_ms=5 only=ptu tag={tag}")
        text = ""
        try:
            async with client.stream("POST", path, json=body) as response:
                assert response.status_code == 200
                async for piece in response.aiter_text():
                    text += piece
        except httpx.RemoteProtocolError:
            pass  # So do proxied streams end that were cut.
        run = await pooled.run()
    assert text.count("tok0") == text.count("tok1") == 1
    assert "Paris" not in text
    assert run.status == "error" or (path, fault) == (PROXY, "malformed")
    assert run.deployment == "ptu"
    assert await asyncio.to_thread(asked, standin, tag) == ["ptu"]


@pytest.mark.parametrize("path", [CHAIN, PROXY])
async def test_leaving_while_it_fails_over_cancels_all_at_once(
    standin: StandIn, path: str
) -> None:
    tag = f"leaving-{path.replace('/', '')}"
    pooled = PooledApp(two(standin))
    async with pooled.served() as client:
        # The first is busy, the second silent.
        fault = f"rate_limited only=ptu times=1 tag={tag}"
        await client.post(path, json=asking(path, fault))
        body = asking(path, f"silent tag={tag}-silent")
        asking_now = asyncio.create_task(client.post(path, json=body))
        await asyncio.to_thread(standin.wait, f"{tag}-silent", "open")
        asking_now.cancel()
        await asyncio.to_thread(standin.wait_closed, f"{tag}-silent")
        await pooled.runs.reach(2)
        assert pooled.runs[-1].status == "cancelled"
    assert await asyncio.to_thread(asked, standin, f"{tag}-silent") == ["payg"]


@pytest.mark.parametrize(
    ("path", "keep_alive"), [(CHAIN, '"delta_content":""'), (PROXY, ": keep-alive")]
)
async def test_keep_alives_go_on_while_it_fails_over(
    standin: StandIn, path: str, keep_alive: str
) -> None:
    limits = Limits(peek=0.05, keep_alive=0.1)
    pooled = PooledApp(two(standin), limits, {"backend_timeout_seconds": 2.5})
    async with pooled.served() as client:
        body = asking(path, "slow_first ms=600000 only=ptu")
        response = await client.post(path, json=body)
    assert text_of(path, response) == SENTENCE
    before, _, after = response.text.partition('"The')
    assert keep_alive in before
    assert after
    # The status was out before it was known who would answer.
    assert "x-deployment" not in response.headers
