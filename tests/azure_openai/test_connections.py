"""One pool of connections under chains, proxied calls and the SDK's own requests."""

import asyncio
from typing import Any

import httpx2
import openai
import pytest

from azure_openai import connection, transport
from azure_openai.connection import connections
from settings import Settings
from tests.azure_openai.streamed import configured, ours, outcome, sdk
from tests.standin.process import StandIn
from tests.support.backend_pool import (
    CHAIN,
    PROXY,
    PooledApp,
    asking,
    backend,
    text_of,
    two,
)
from tests.support.backend_pool import WHOLE as UNSTREAMED
from tests.support.proxied_calls import WHOLE
from tests.support.proxy_server import PATH, ProxyServer
from tests.support.proxy_server import asking as proxied_call
from tests.support.replayed_upstream import Replay


def idle(settings: Settings) -> int:
    """How many connections wait to be used again."""
    connector = connections(settings)._session.connector
    assert connector is not None
    return sum(map(len, connector._conns.values()))


async def test_chains_and_proxied_calls_share_one_connection(
    standin: StandIn,
) -> None:
    pooled = PooledApp([backend(standin, "ptu")])
    async with pooled.served() as client:
        for path in (CHAIN, UNSTREAMED, PROXY, CHAIN):
            answer = await client.post(path, json=asking(path, "answer tokens=2"))
            assert text_of(path, answer) == "tok0 tok1"
        assert idle(pooled.settings) == 1


async def test_what_a_server_has_refused_once_nobody_asks_for_again(
    standin: StandIn,
) -> None:
    tag = "refused-once"
    settings = configured(standin.url, standin.key, azure=False)
    proxied = ProxyServer(settings)
    ask = proxied_call(f"no_stream_options tokens=1 tag={tag}")
    async with proxied.served() as client, ours(settings) as completions:
        response = await client.post(PATH, json=ask)
        assert response.text.endswith("data: [DONE]\n\n")
        usage = {"include_usage": True}
        _, error = await outcome(completions, **{**ask, "stream_options": usage})
    assert error is None
    requests = await asyncio.to_thread(standin.requests, tag)
    asked = ["stream_options" in request["body"] for request in requests]
    assert asked == [True, False, False]


async def test_each_event_loop_has_its_own(standin: StandIn) -> None:
    settings = configured(standin.url, standin.key, azure=True)

    async def ask() -> object:
        pool = connections(settings)
        async with ours(settings) as completions:
            ask = [{"role": "user", "content": "standin:answer tokens=1"}]
            _, error = await outcome(completions, messages=ask, model="m")
        assert error is None
        return pool

    here = await ask()
    there = await asyncio.to_thread(asyncio.run, ask())
    assert here is not there


async def test_settings_that_connect_otherwise_share_nothing(
    standin: StandIn,
) -> None:
    settings = configured(standin.url, standin.key, azure=True)
    same = settings.model_copy(update={"system_prompt": "Another one."})
    other = settings.model_copy(update={"connect_timeout_seconds": 1})
    assert connections(settings) is connections(same)
    assert connections(settings) is not connections(other)
    for each in (settings, other):
        await connection.close(each)


async def test_who_asks_after_they_were_closed_opens_them_again(
    standin: StandIn,
) -> None:
    settings = configured(standin.url, standin.key, azure=True)
    ask = [{"role": "user", "content": "standin:answer tokens=1"}]
    async with ours(settings) as completions:
        for _ in range(2):
            chunks, error = await outcome(completions, messages=ask, model="m")
            assert (len(chunks) > 1, error) == (True, None)
            await connection.close(settings)


async def test_the_sdks_requests_keep_no_cookie() -> None:
    headers = [("content-type", "application/json"), ("set-cookie", "a=alice; Path=/")]
    async with Replay(pieces=[b"{}"], headers=headers).served() as url:
        # By a name, as a jar keeps none for an address.
        settings = configured(url.replace("127.0.0.1", "localhost"), "k", azure=True)
        async with transport.client(settings) as client:
            for _ in range(2):
                base = f"{settings.backends[0].endpoint}/openai/models"
                answer = await client.get(base)
                assert answer.json() == {}
                assert not client.cookies
                assert "set-cookie" not in answer.headers


async def test_what_the_sdk_asks_of_the_endpoint_goes_to_the_one_that_answers(
    standin: StandIn,
) -> None:
    """Not everything is asked of a deployment."""
    replay = Replay(
        pieces=[b'{"data": []}'], headers=[("content-type", "application/json")]
    )
    async with replay.served() as url:
        down, up = two(standin)
        settings = Settings(
            azure_openai_backends=(
                down.model_copy(update={"endpoint": "http://127.0.0.1:1"}),
                up.model_copy(update={"endpoint": url}),
            )
        )
        async with sdk(settings, transport.client(settings)) as client:
            assert (await client.models.list()).data == []
    [request] = replay.requests
    assert request.target == "/openai/models?api-version=2024-10-21"
    assert request.values("api-key") == [standin.key]


@pytest.mark.parametrize("url", ["http://elsewhere.invalid/", "http://127.0.0.1:11/x"])
async def test_this_servers_credential_goes_nowhere_else(url: str) -> None:
    settings = configured("http://127.0.0.1:1", "the-key", azure=True)
    async with transport.client(settings) as client:
        with pytest.raises(httpx2.UnsupportedProtocol, match="configured endpoint"):
            await client.post(url, json={})


@pytest.mark.parametrize(
    ("scenario", "error"),
    [
        ("rate_limited", openai.RateLimitError),
        ("server_error", openai.InternalServerError),
        ("drop_before", openai.APIConnectionError),
        ("drop", openai.APIConnectionError),
        ("slow_first ms=60000", openai.APITimeoutError),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
async def test_the_sdk_raises_over_it_what_it_raises_over_its_own(
    standin: StandIn, scenario: str, error: type[Exception], stream: bool
) -> None:
    settings = configured(standin.url, standin.key, azure=True)
    if (scenario, stream) == ("drop", False):
        scenario = "drop_headers"
    ask: dict[str, Any] = {
        "model": "m",
        "messages": [{"role": "user", "content": f"standin:{scenario}"}],
        "timeout": 4.5,
    }
    for http_client in (transport.client(settings), None):
        async with sdk(settings, http_client) as client:
            with pytest.raises(error):
                await _whole(client, stream=stream, **ask)


async def _whole(client: Any, *, stream: bool, **ask: Any) -> None:
    answer = await client.chat.completions.create(stream=stream, **ask)
    if stream:
        async for _ in answer:
            pass


async def test_a_proxy_without_a_scheme_is_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    replay = Replay(pieces=[WHOLE])
    async with replay.served() as url:
        monkeypatch.setenv("http_proxy", url.removeprefix("http://"))
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        settings = configured("http://upstream.invalid", "key", azure=True)
        async with ours(settings) as completions:
            _, error = await outcome(completions, messages=[], model="m")
    assert error is None
    [request] = replay.requests
    assert request.target.startswith("http://upstream.invalid/openai/")
