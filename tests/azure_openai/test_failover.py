"""Faults before the first visible token are not the caller's; over real sockets."""

import asyncio
import logging
import random
import socket

import httpx
import pytest
from httpx_sse import EventSource

from streaming.limits import Limits
from tests.azure_openai.pooled import (
    CHAIN,
    OPENAI,
    PROXY,
    WHOLE,
    Pooled,
    asked,
    asking,
    backend,
    text_of,
    two,
)
from tests.azure_openai.proxied import holds
from tests.standin.answers import SENTENCE
from tests.standin.process import StandIn

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
WAYS = [
    (CHAIN, True),
    (CHAIN, False),
    (OPENAI, True),
    (OPENAI, False),
    (WHOLE, True),
    (PROXY, True),
    (PROXY, False),
]


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.mark.parametrize(("path", "stream"), WAYS)
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_of_one_backend_is_not_the_callers(
    standin: StandIn, fault: str, path: str, stream: bool
) -> None:
    tag = f"{fault}-{path.replace('/', '')}-{stream}"
    pooled = Pooled(two(standin))
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
    assert (call.deployment, call.backend) == ("payg", "localhost")
    assert call.region == "Sweden Central"
    assert {name: response.headers[name] for name in run.headers} == {
        "x-deployment": "payg",
        "x-backend": "localhost",
        "x-ms-region": "Sweden Central",
    }


@pytest.mark.parametrize(("path", "stream"), WAYS)
async def test_a_refused_connection_is_not_the_callers(
    standin: StandIn, path: str, stream: bool
) -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    down = backend(standin, "ptu", endpoint=url)
    pooled = Pooled([down, backend(standin, "payg", priority=2)])
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
    pooled = Pooled(two(standin), more={"backend_timeout_seconds": 0.3})
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
    pooled = Pooled(two(standin), limits, {"backend_timeout_seconds": 0.1})
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
    pooled = Pooled(two(standin))
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


@pytest.mark.parametrize(("path", "stream"), WAYS)
@pytest.mark.parametrize("refusal", ["prompt_filtered", "context_length", "bad_param"])
async def test_what_the_caller_did_wrong_is_not_asked_again(
    standin: StandIn, refusal: str, path: str, stream: bool
) -> None:
    tag = f"{refusal}-{path.replace('/', '')}-{stream}"
    pooled = Pooled(two(standin))
    async with pooled.served() as client:
        body = asking(path, f"{refusal} tag={tag}", stream=stream)
        response = await client.post(path, json=body)
    assert response.status_code == 400
    assert await asyncio.to_thread(asked, standin, tag) == ["ptu"]


@pytest.mark.parametrize("path", [CHAIN, WHOLE, PROXY])
async def test_who_asks_to_be_left_alone_is(standin: StandIn, path: str) -> None:
    tag = f"cooling-{path.replace('/', '')}"
    pooled = Pooled(two(standin))
    async with pooled.served() as client:
        fault = f"rate_limited only=ptu retry_after=60 tag={tag}"
        for _ in range(3):
            response = await client.post(path, json=asking(path, fault))
            assert text_of(path, response) == SENTENCE
    expected = ["ptu", "payg", "payg", "payg"]
    assert await asyncio.to_thread(asked, standin, tag) == expected


@pytest.mark.parametrize(("path", "stream"), WAYS)
async def test_where_all_are_left_alone_nobody_is_asked(
    standin: StandIn, path: str, stream: bool
) -> None:
    tag = f"all-cooling-{path.replace('/', '')}-{stream}"
    pooled = Pooled(two(standin))
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
    pooled = Pooled([backend(standin, "ptu"), down])
    async with pooled.served() as client:
        body = asking(path, "rate_limited retry_after=60")
        response = await client.post(path, json=body)
        run = await pooled.run()
    assert response.status_code == 429
    # The broken one is the last that is left, and may be asked sooner.
    assert response.headers["retry-after"] == "5"
    assert run.last_call is not None
    assert (run.last_call.deployment, run.last_call.backend) == ("down", "127.0.0.1")


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
    pooled = Pooled(two(standin))
    async with pooled.served() as client:
        response = await client.post(CHAIN, json=asking(CHAIN, scenario))
        run = await pooled.run()
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (status, code)
    assert run.last_call is not None
    assert (run.last_call.deployment, run.last_call.backend) == ("payg", "localhost")


async def test_where_all_have_failed_a_proxied_call_has_the_last_ones_words(
    standin: StandIn,
) -> None:
    pooled = Pooled(two(standin))
    async with pooled.served() as client:
        body = asking(PROXY, "server_error status=503")
        response = await client.post(PROXY, json=body)
    assert response.status_code == 503
    assert response.json()["error"]["code"] == "server_error"
    assert response.headers["x-deployment"] == "payg"


async def test_a_rotated_key_is_loud_and_not_an_outage(
    standin: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    pooled = Pooled(two(standin, api_key="rotated"))
    async with pooled.served() as client:
        for path in (CHAIN, PROXY):
            response = await client.post(path, json=asking(path, "answer tokens=2"))
            assert text_of(path, response) == "tok0 tok1"
    [record] = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert record.message == "backend 127.0.0.1, deployment ptu: status 401"


@pytest.mark.parametrize("path", [CHAIN, PROXY])
async def test_leaving_while_it_fails_over_cancels_all_at_once(
    standin: StandIn, path: str
) -> None:
    tag = f"leaving-{path.replace('/', '')}"
    pooled = Pooled(two(standin))
    async with pooled.served() as client:
        # The first is busy, the second silent.
        fault = f"rate_limited only=ptu times=1 tag={tag}"
        await client.post(path, json=asking(path, fault))
        body = asking(path, f"silent tag={tag}-silent")
        asking_now = asyncio.create_task(client.post(path, json=body))
        await asyncio.to_thread(standin.wait, f"{tag}-silent", "open")
        asking_now.cancel()
        await asyncio.to_thread(standin.wait_closed, f"{tag}-silent")
        await holds(lambda: len(pooled.runs) == 2)
        assert pooled.runs[-1].status == "cancelled"
    assert await asyncio.to_thread(asked, standin, f"{tag}-silent") == ["payg"]


@pytest.mark.parametrize(
    ("path", "keep_alive"), [(CHAIN, '"delta_content":""'), (PROXY, ": keep-alive")]
)
async def test_keep_alives_go_on_while_it_fails_over(
    standin: StandIn, path: str, keep_alive: str
) -> None:
    limits = Limits(peek=0.05, keep_alive=0.1)
    pooled = Pooled(two(standin), limits, {"backend_timeout_seconds": 2.5})
    async with pooled.served() as client:
        body = asking(path, "slow_first ms=600000 only=ptu")
        response = await client.post(path, json=body)
    assert text_of(path, response) == SENTENCE
    before, _, after = response.text.partition('"The')
    assert keep_alive in before
    assert after
    # The status was out before it was known who would answer.
    assert "x-deployment" not in response.headers


async def test_a_refusal_after_keep_alives_is_an_error_in_the_stream(
    standin: StandIn,
) -> None:
    limits = Limits(peek=0.05, keep_alive=0.1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()  # It connects, and never answers.
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        backends = [
            backend(standin, "ptu", endpoint=url),
            backend(standin, "payg", priority=2),
        ]
        pooled = Pooled(backends, limits, {"backend_timeout_seconds": 2.5})
        async with pooled.served() as client:
            body = asking(PROXY, "prompt_filtered")
            response = await client.post(PROXY, json=body)
            run = await pooled.run()
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream")
    *silence, last = EventSource(response).iter_sse()
    assert silence == []
    assert ": keep-alive" in response.text
    assert last.json()["error"]["code"] == "content_filter"
    assert (run.status, run.deployment) == ("content_filter", "payg")


async def test_each_backend_is_asked_once_for_what_it_does_not_know(
    standin: StandIn,
) -> None:
    tag = "no-stream-options"
    pooled = Pooled(two(standin))
    async with pooled.served() as client:
        for path in (CHAIN, CHAIN, PROXY, PROXY):
            body = asking(path, f"no_stream_options only=ptu tag={tag}")
            response = await client.post(path, json=body)
            assert response.headers["x-deployment"] == "ptu"
    requests = await asyncio.to_thread(standin.requests, tag)
    with_usage = ["stream_options" in request["body"] for request in requests]
    assert with_usage == [True, False, False, True, False, False]


async def test_another_deployment_is_asked_for_by_its_name_at_each_endpoint(
    standin: StandIn,
) -> None:
    tag, path = "another", "/openai/deployments/mini/chat/completions"
    down = backend(
        standin, "ptu", priority=0, endpoint=f"http://127.0.0.1:{closed_port()}"
    )
    third = backend(standin, "other")
    pooled = Pooled([down, *two(standin), third])
    async with pooled.served() as client:
        body = asking(path, f"answer tokens=1 tag={tag}")
        response = await client.post(path, json=body)
    assert text_of(path, response) == "tok0"
    assert response.headers["x-deployment"] == "mini"
    assert await asyncio.to_thread(asked, standin, tag) == ["mini"]


@pytest.mark.parametrize("path", [CHAIN, PROXY])
async def test_weights_share_the_load(standin: StandIn, path: str) -> None:
    random.seed(1)
    tag = f"weights-{path.replace('/', '')}"
    pooled = Pooled([backend(standin, "one", weight=3), backend(standin, "two")])
    path = path.replace("ptu", "one")
    async with pooled.served() as client:
        for _ in range(40):
            body = asking(path, f"answer tokens=1 tag={tag}")
            assert text_of(path, await client.post(path, json=body)) == "tok0"
    shares = await asyncio.to_thread(asked, standin, tag)
    assert len(shares) == 40
    assert shares.count("one") > shares.count("two") > 0


@pytest.mark.parametrize("path", [CHAIN, PROXY])
async def test_the_connection_pool_is_no_hidden_queue(
    standin: StandIn, path: str
) -> None:
    """Each answer waits for all others to have begun."""
    callers, tag = 400, f"many-{path.replace('/', '')}"
    pooled = Pooled(two(standin))
    async with pooled.served() as client:
        body = asking(path, f"stall tokens=2 after=1 tag={tag}")
        async with asyncio.timeout(30):
            waiting = [
                asyncio.create_task(client.post(path, json=body))
                for _ in range(callers)
            ]

            def open_upstream() -> int:
                requests = standin.requests(tag)
                return sum(request["outcome"] == "open" for request in requests)

            while await asyncio.to_thread(open_upstream) < callers:  # noqa: ASYNC110 - it is another process
                await asyncio.sleep(0.05)
            for each in waiting:
                each.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_version_that_a_caller_names_is_no_fault_of_a_backend(
    standin: StandIn,
) -> None:
    """A 404 for it may be: one request must not keep out everybody else's."""
    pooled = Pooled(two(standin))
    async with pooled.served() as client:
        body = asking(PROXY, "not_found only=ptu")
        params = {"api-version": "1999-01-01"}
        elsewhere = await client.post(PROXY, json=body, params=params)
        following = await client.post(PROXY, json=asking(PROXY, "answer"))
    assert elsewhere.headers["x-deployment"] == "payg"
    assert following.headers["x-deployment"] == "ptu"


async def test_a_refusal_that_quotes_stream_options_switches_nothing_off(
    standin: StandIn,
) -> None:
    """It may be what the caller wrote that it quotes."""
    bodies = []

    async def refuse(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length")
        )
        bodies.append(await reader.readexactly(length))
        said = b'{"error": {"message": "no such call: stream_options", "code": "x"}}'
        answer = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: %d"
        writer.write(answer % len(said) + b"\r\n\r\n" + said)
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        pooled = Pooled([backend(standin, "d", endpoint=url)])
        async with pooled.served() as client:
            for _ in range(2):
                refused = await client.post(CHAIN, json=asking(CHAIN, "answer"))
                assert refused.status_code == 400
    assert [b'"stream_options"' in body for body in bodies] == [True, False] * 2


async def test_a_refusal_whose_body_never_comes_ends_the_stream(
    standin: StandIn,
) -> None:
    async def stalled(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 100\r\n\r\n{")
        await reader.read()
        writer.close()

    async with await asyncio.start_server(stalled, "127.0.0.1", 0) as server:
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()  # It connects, and never answers.
            ports = (silent.getsockname()[1], server.sockets[0].getsockname()[1])
            backends = [
                backend(standin, "d", endpoint=f"http://127.0.0.1:{port}", priority=n)
                for n, port in enumerate(ports)
            ]
            limits = Limits(peek=0.05, keep_alive=0.1)
            pooled = Pooled(backends, limits, {"backend_timeout_seconds": 0.5})
            async with pooled.served() as client:
                path = PROXY.replace("ptu", "d")
                usage = {"stream_options": {"include_usage": True}}
                response = await client.post(path, json=asking(PROXY, "x") | usage)
    *_, last = EventSource(response).iter_sse()
    assert last.json()["error"]["code"] == "invalid_request"
