"""Refused early and cheaply: by its head alone, or as soon as it is known."""

import asyncio
import json

import httpx
import pytest

from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess
from tests.support.raw_http import connect, exchange, head

KEY = "x-functions-key: the-function-key"
HELLO = b'{"user":"hello"}'
PATHS = ["/api/chat", "/api/chat/text", "/openai/v1/chat/completions"]


def ask(*headers: str, path: str = "/api/chat") -> bytes:
    return head(path, *headers, f"content-length: {len(HELLO)}") + HELLO


async def test_a_body_announced_too_large_is_413_before_any_of_it(
    small: AppProcess,
) -> None:
    for announced in (2001, 10**17):
        request = head("/api/chat", KEY, f"content-length: {announced}")
        answer = await exchange(small.url, request)
        assert (answer.status, answer.json()["error"]["code"]) == (413, "too_large")


async def test_a_chunked_body_is_413_before_its_end(small: AppProcess) -> None:
    request = head("/api/chat", KEY, "transfer-encoding: chunked")
    chunk = b"400\r\n" + b"x" * 1024 + b"\r\n"
    answer = await exchange(small.url, request + chunk * 2)
    assert (answer.status, answer.json()["error"]["code"]) == (413, "too_large")


async def test_a_length_that_lies_low_ends_the_body_there(small: AppProcess) -> None:
    """What follows would be the connection's next request, and is none."""
    request = head("/api/chat", KEY, "content-length: 5") + HELLO
    async with connect(small.url) as connection:
        connection.write(request)
        answer = await connection.answer()
        await connection.end()
    assert answer.status == 400


async def test_a_caller_that_leaves_in_its_body_leaves_no_trace(
    small: AppProcess,
) -> None:
    before = len(small.lines)
    async with connect(small.url) as connection:
        connection.write(head("/api/chat", KEY, "content-length: 100") + HELLO)
        connection.write_eof()
        await connection.end()
    small.wait_for(r"POST /api/chat 499 \d+ ms \(the caller left\)")
    lines = [line for line in small.lines[before:] if " INFO devhost " not in line]
    assert lines == []


@pytest.mark.parametrize("path", PATHS)
async def test_when_all_is_taken_no_body_is_waited_for(
    small: AppProcess, path: str
) -> None:
    body = {"user": "standin:answer tokens=300 delay_ms=100"}
    async with httpx.AsyncClient(headers=small.client.headers, timeout=10) as client:
        url = f"{small.url}/api/chat"
        asked = client.build_request("POST", url, json=body)
        taken: list[httpx.Response] = []
        for _ in range(100):  # What others have taken is free once they have left.
            taken.append(await client.send(asked, stream=True))
            if [stream.status_code for stream in taken].count(200) == 2:
                break
        answer = await exchange(small.url, head(path, KEY, "content-length: 100"))
        for stream in taken:
            await stream.aclose()
    assert (answer.status, answer.json()["error"]["code"]) == (503, "overloaded")
    assert answer.header("retry-after") == "1"


@pytest.mark.parametrize("path", [*PATHS, "/api/health?", "/api/chains?"])
@pytest.mark.parametrize(
    "headers",
    [
        [f"x-{number}: y" for number in range(100)],
        ["x-long: " + "y" * 33_000],
        [f"x-{number}: " + "y" * 1000 for number in range(40)],
    ],
)
async def test_more_headers_than_anyone_needs_are_431(
    app: AppProcess, path: str, headers: list[str]
) -> None:
    method = "GET" if path.endswith("?") else "POST"
    answer = await exchange(app.url, head(path, *headers, method=method))
    error = answer.json()["error"]
    assert (answer.status, error["code"]) == (431, "headers_too_large")
    assert ("type" in error) is path.startswith("/openai")


async def test_a_very_long_address_is_431(app: AppProcess) -> None:
    answer = await exchange(app.url, ask(path="/api/chat?x=" + "y" * 33_000))
    assert (answer.status, answer.json()["error"]["code"]) == (431, "headers_too_large")


async def test_as_many_headers_as_the_platform_lets_through_are_heard(
    app: AppProcess,
) -> None:
    headers = [f"x-{number}: " + "y" * 300 for number in range(90)]
    assert (await exchange(app.url, ask(*headers))).status == 200


@pytest.mark.parametrize("path", PATHS)
async def test_a_body_that_does_not_come_is_408_and_the_connection_closed(
    standin: StandIn, path: str
) -> None:
    with AppProcess(azure(standin, BODY_TIMEOUT_SECONDS="0.2")) as server:
        async with connect(server.url) as connection:
            connection.write(head(path, "content-length: 100") + HELLO)
            answer = await connection.answer()
            await connection.end()
        error = json.loads(answer.body)["error"]
        assert (answer.status, error["code"]) == (408, "request_timeout")
        assert answer.header("connection") == "close"
        assert "BODY_TIMEOUT_SECONDS" in error["message"]
        assert (await exchange(server.url, ask())).status == 200


@pytest.mark.parametrize("path", PATHS)
async def test_bodies_that_arrive_have_one_budget(standin: StandIn, path: str) -> None:
    sizes = ("MAX_REQUEST_BYTES", "MAX_PROXY_REQUEST_BYTES", "MAX_ARRIVING_BYTES")
    with AppProcess(azure(standin, **dict.fromkeys(sizes, "100000"))) as server:
        large = head(path, "content-length: 99000")
        async with connect(server.url) as first, connect(server.url) as second:
            first.write(large + b" " * 80_000)
            second.write(large + b" " * 80_000)
            answers = [asyncio.create_task(each.answer()) for each in (first, second)]
            # The body that comes too late is refused, the other one waited for.
            done, waiting = await asyncio.wait(answers, return_when="FIRST_COMPLETED")
            for each in waiting:
                each.cancel()
        [answer] = [each.result() for each in done]
        error = json.loads(answer.body)["error"]
        assert (answer.status, error["code"]) == (503, "overloaded")
        assert answer.header("retry-after") == "1"
        async with asyncio.timeout(5):  # Until the server has seen the other one leave.
            while (await exchange(server.url, large + b" " * 99_000)).status == 503:
                pass
