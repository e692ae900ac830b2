"""Refusals of one backend among several: whose they are, and what they end."""

import asyncio
import logging
import socket

import pytest
from httpx_sse import EventSource

from server.limits import Limits
from tests.standin.process import StandIn
from tests.support.backend_pool import (
    CHAIN,
    PROXY,
    WAYS,
    PooledApp,
    asked,
    asking,
    backend,
    text_of,
    two,
)


@pytest.mark.parametrize(("path", "stream"), WAYS)
@pytest.mark.parametrize("refusal", ["prompt_filtered", "context_length", "bad_param"])
async def test_what_the_caller_did_wrong_is_not_asked_again(
    standin: StandIn, refusal: str, path: str, stream: bool
) -> None:
    tag = f"{refusal}-{path.replace('/', '')}-{stream}"
    pooled = PooledApp(two(standin))
    async with pooled.served() as client:
        body = asking(path, f"{refusal} tag={tag}", stream=stream)
        response = await client.post(path, json=body)
    assert response.status_code == 400
    assert await asyncio.to_thread(asked, standin, tag) == ["ptu"]


async def test_a_rotated_key_is_loud_and_not_an_outage(
    standin: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    pooled = PooledApp(two(standin, api_key="rotated"))
    async with pooled.served() as client:
        for path in (CHAIN, PROXY):
            response = await client.post(path, json=asking(path, "answer tokens=2"))
            assert text_of(path, response) == "tok0 tok1"
    [record] = [each for each in caplog.records if each.levelno == logging.ERROR]
    name = pooled.settings.backends[0].address
    assert record.message == (
        f"request the-request-id: backend {name}, deployment ptu: status 401"
    )


async def test_a_version_that_a_caller_names_is_no_fault_of_a_backend(
    standin: StandIn,
) -> None:
    """A 404 for it may be: one request must not keep out everybody else's."""
    pooled = PooledApp(two(standin))
    async with pooled.served() as client:
        body = asking(PROXY, "not_found only=ptu")
        params = {"api-version": "1999-01-01"}
        elsewhere = await client.post(PROXY, json=body, params=params)
        following = await client.post(PROXY, json=asking(PROXY, "answer"))
    assert elsewhere.headers["x-deployment"] == "payg"
    assert following.headers["x-deployment"] == "ptu"


async def test_each_backend_is_asked_once_for_what_it_does_not_know(
    standin: StandIn,
) -> None:
    tag = "no-stream-options"
    pooled = PooledApp(two(standin))
    async with pooled.served() as client:
        for path in (CHAIN, CHAIN, PROXY, PROXY):
            body = asking(path, f"no_stream_options only=ptu tag={tag}")
            response = await client.post(path, json=body)
            assert response.headers["x-deployment"] == "ptu"
    requests = await asyncio.to_thread(standin.requests, tag)
    with_usage = ["stream_options" in request["body"] for request in requests]
    assert with_usage == [True, False, False, True, False, False]


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
        pooled = PooledApp([backend(standin, "d", endpoint=url)])
        async with pooled.served() as client:
            for _ in range(2):
                refused = await client.post(CHAIN, json=asking(CHAIN, "answer"))
                assert refused.status_code == 400
    assert [b'"stream_options"' in body for body in bodies] == [True, False] * 2


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
        pooled = PooledApp(backends, limits, {"backend_timeout_seconds": 2.5})
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
            pooled = PooledApp(backends, limits, {"backend_timeout_seconds": 1})
            async with pooled.served() as client:
                path = PROXY.replace("ptu", "d")
                usage = {"stream_options": {"include_usage": True}}
                response = await client.post(path, json=asking(PROXY, "x") | usage)
    *_, last = EventSource(response).iter_sse()
    assert last.json()["error"]["code"] == "invalid_request"
