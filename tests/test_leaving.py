"""Callers who leave, who read slowly, and who come all at once; over real sockets."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx
import pytest

from tests.standin.process import StandIn
from tests.support.app_process import (
    AppProcess,
    open_streams,
    read_events,
    text_of,
    until,
)
from tests.support.prompt_departure import prompt


@pytest.mark.parametrize(
    ("when", "scenario"),
    [
        ("tokens-flow", "answer tokens=1000 delay_ms=20"),
        ("model-is-silent", "stall tokens=6 after=3"),
    ],
)
@pytest.mark.parametrize("chain", ["chat", "assigned", "nested"])
def test_leaving_in_the_middle_closes_the_upstream_and_is_recorded(
    app: AppProcess, standin: StandIn, when: str, scenario: str, chain: str
) -> None:
    delays: list[float] = []
    while not prompt(delays):
        tag = f"{chain}-{when}-{len(delays)}"
        with app.streaming(f"standin:{scenario} tag={tag}", chain=chain) as answer:
            seen = [answer.next()[1]["delta_content"] for _ in range(3)]
            assert seen == ["tok0", " tok1", " tok2"]
            left_at = time.monotonic()
        closed_at = standin.wait_closed(tag)["closed_at"]
        assert closed_at is not None
        delays.append(closed_at - left_at)
        record = app.record(answer.request_id)
        assert record["status"] == "cancelled"
        assert record["finish_reason"] is None
        assert record["usage"]["estimated"] is True
        assert record["usage"]["completion_tokens"] > 0
    until(lambda: open_streams(app) == 0)


@pytest.mark.parametrize("stream", ["true", "false"])
def test_leaving_before_the_first_token_closes_the_upstream(
    app: AppProcess, standin: StandIn, stream: str
) -> None:
    address = (httpx.URL(app.url).host, httpx.URL(app.url).port)
    delays: list[float] = []
    while not prompt(delays):
        tag = f"before-{stream}-{len(delays)}"
        body = f'{{"user": "standin:silent tag={tag}", "stream": {stream}}}'
        head = (
            f"POST /api/chat HTTP/1.1\r\nhost: x\r\nx-request-id: {tag}\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection(address) as connection:
            connection.sendall(head.encode() + body.encode())
            assert standin.wait(tag, "open")
            left_at = time.monotonic()
        closed_at = standin.wait_closed(tag)["closed_at"]
        assert closed_at is not None
        delays.append(closed_at - left_at)
        record = app.record(tag)
        assert record["status"] == "cancelled"
        assert record["time_to_first_chunk_ms"] is None
    until(lambda: open_streams(app) == 0)


def resident_megabytes(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def test_a_slow_reader_of_a_fast_model_costs_bounded_memory(
    app: AppProcess, standin: StandIn
) -> None:
    body = json.dumps({"user": "standin:answer tokens=200000 tag=slow"}).encode()
    head = f"POST /api/chat HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
    address = (httpx.URL(app.url).host, httpx.URL(app.url).port)
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(20)
        connection.connect(address)
        connection.sendall(head.encode() + body)
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        sizes = [resident_megabytes(app.pid)]

        def steady() -> bool:
            sizes.append(resident_megabytes(app.pid))
            return len(sizes) > 5 and max(sizes[-5:]) - min(sizes[-5:]) < 1

        # The kernel's buffers fill first; LangChain keeps what it has streamed.
        until(steady, 30, every=0.2)
        [request] = standin.requests("slow")
        assert request["outcome"] == "open"
    assert standin.wait_closed("slow")
    until(lambda: open_streams(app) == 0)


async def test_two_hundred_streams_at_once_are_all_whole(app: AppProcess) -> None:
    async with httpx.AsyncClient(
        base_url=app.url, timeout=50, limits=httpx.Limits(max_connections=None)
    ) as client:
        answers: dict[int, str] = {}

        async def ask(number: int) -> None:
            words = [f"{number}.{index}" for index in range(30)]
            text = "%20".join(words)
            body = {"user": f"standin:answer text={text} size=7 delay_ms=10"}
            response = await client.post("/api/chat", json=body)
            events = read_events(response)
            assert events[-1][1]["finish_reason"] == "stop"
            answers[number] = text_of(events)
            assert answers[number] == " ".join(words)

        with anyio.fail_after(50):
            async with asyncio.TaskGroup() as group:
                for number in range(200):
                    group.create_task(ask(number))
    assert len(answers) == 200
    until(lambda: open_streams(app) == 0)


@asynccontextmanager
async def left_while_streaming(
    server: AppProcess, user: str
) -> AsyncIterator[httpx.Response]:
    async with (
        httpx.AsyncClient(base_url=server.url, timeout=50) as client,
        client.stream("POST", "/api/chat", json={"user": user}) as response,
    ):
        yield response


async def test_fifty_callers_who_leave_at_once_leave_nothing_behind(
    app: AppProcess, standin: StandIn
) -> None:
    async def ask_and_leave(number: int) -> None:
        user = f"standin:answer tokens=500 delay_ms=20 tag=leaving-{number}"
        async with left_while_streaming(app, user) as response:
            async for _ in response.aiter_bytes():
                break

    with anyio.fail_after(50):
        async with asyncio.TaskGroup() as group:
            for number in range(50):
                group.create_task(ask_and_leave(number))
    for number in range(50):
        assert standin.wait_closed(f"leaving-{number}")
    until(lambda: open_streams(app) == 0)
