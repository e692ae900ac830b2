"""The caller of a proxied call, who may leave, or stop reading."""

import asyncio
import json
import math
from time import monotonic

import anyio
import httpx
import pytest

from server import response
from server.limits import Limits
from streaming.events import Usage
from tests.standin.process import StandIn
from tests.support.prompt_departure import prompt
from tests.support.proxied_calls import ANSWER, DONE, FINISH, FOREVER, USAGE
from tests.support.proxy_server import PATH, ProxyServer, asking, azure
from tests.support.quiet import quiet
from tests.support.replayed_upstream import Replay


@pytest.mark.parametrize(
    ("scenario", "content"),
    [
        ("stall tokens=4 after=3", "tok0 tok1 tok2"),
        ("answer tokens=100000 delay_ms=1", "tok0"),
        ("silent", ""),
        ("slow_first ms=60000", ""),
    ],
)
async def test_a_caller_who_leaves_closes_the_upstream(
    standin: StandIn, scenario: str, content: str
) -> None:
    proxied = ProxyServer(azure(standin.url), limits=Limits(peek=0.05))
    delays: list[float] = []
    async with proxied.served() as client:
        while not prompt(delays):
            tag = f"proxied-left-{scenario.split()[0]}-{len(delays)}"
            ask = asking(f"{scenario} tag={tag}")
            posting = asyncio.create_task(leave_once_told(client, ask, content))
            if not content:
                await anyio.to_thread.run_sync(standin.wait, tag, "open")
                posting.cancel()
            await asyncio.wait([posting])
            left = monotonic()
            entry = await anyio.to_thread.run_sync(standin.wait_closed, tag)
            delays.append((entry["closed_at"] or math.inf) - left)
            run = await proxied.run()
            proxied.runs.clear()
            assert run.status == "cancelled"
            assert "".join(run.content).startswith(content)
            assert run.usage.estimated


async def leave_once_told(client: httpx.AsyncClient, ask: object, content: str) -> None:
    """Read until *content* has come, then go."""
    last = content.split()[-1].encode() if content else None
    async with client.stream("POST", PATH, json=ask) as response:
        async for piece in response.aiter_raw():
            if last and last in piece:
                return


async def test_a_caller_who_leaves_at_the_end_has_had_it_all() -> None:
    replay = Replay(pieces=[ANSWER, FINISH, USAGE, DONE, FOREVER])
    async with replay.served() as url:
        proxied = ProxyServer(azure(url))
        async with proxied.served() as client:
            async with client.stream("POST", PATH, json=asking("x")) as response:
                async for piece in response.aiter_raw():
                    if piece.endswith(DONE):
                        break
            run = await proxied.run()
            await replay.closed.wait()
    assert (run.status, run.usage) == ("ok", Usage(2, 1, 3))


async def test_a_reader_who_stops_reading_stops_the_upstream() -> None:
    replay = Replay(pieces=[ANSWER * 200] * 5000)
    async with replay.served() as url:
        proxied = ProxyServer(azure(url))
        async with proxied.served():
            port = int(proxied.url.rpartition(":")[2])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            body = json.dumps(asking("x")).encode()
            head = f"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            await reader.readline()
            # The kernel's buffers fill first.
            await quiet(replay.wrote, 0.2)
            assert 0 < replay.written < len(ANSWER) * 200 * 5000 // 2
            writer.transport.abort()
            await asyncio.wait_for(replay.closed.wait(), 20)
    assert (await proxied.run()).status == "cancelled"


async def test_a_reader_who_is_gone_at_the_deadline_costs_no_more_than_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(response, "FAREWELL_SECONDS", 0.2)
    replay = Replay(pieces=[ANSWER * 200] * 5000)
    async with replay.served() as url:
        proxied = ProxyServer(azure(url), limits=Limits(deadline=2.5))
        async with proxied.served():
            port = int(proxied.url.rpartition(":")[2])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            body = json.dumps(asking("x")).encode()
            head = f"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            await reader.readline()
            await proxied.runs.reach(1)
            await asyncio.wait_for(replay.closed.wait(), 20)
            writer.transport.abort()
    assert (await proxied.run()).status == "deadline"
