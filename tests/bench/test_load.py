"""The callers read each token of an answer once, and notice one that is not whole."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bench import clock, load
from bench.answer import Notes, read
from bench.callers import ask
from bench.contenders import CHAIN, everyone
from bench.errors import BenchError
from bench.load import Load
from bench.quantities.wires import WIRES
from bench.scale import QUICK
from bench.server import Server, serve
from bench.stage import Stage
from bench.upstream import Upstream

HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as upstream:
        yield upstream


@pytest.fixture
def direct(upstream: Upstream) -> Server:
    return Stage(upstream, [], QUICK).direct()


@pytest.mark.parametrize("size", [1, 2, 7, 11, 4096])
@pytest.mark.anyio
async def test_a_token_counts_once_however_it_arrives(size: int) -> None:
    token = f'{{"content": "{clock.stamp()}"}}'.encode()
    sent = HEAD + token * 3 + b"\r\n0\r\n\r\n"

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for start in range(0, len(sent), size):
            writer.write(sent[start : start + size])
            await writer.drain()
            await asyncio.sleep(0)
        writer.close()

    notes = Notes()
    async with asyncio.timeout(10):
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        got = await read(port, b"GET / HTTP/1.1\r\n\r\n", notes)
        server.close()
        await server.wait_closed()
    assert (got.status, got.tokens, notes.tokens) == (b"HTTP/1.1 200", 3, 3)
    assert got.tail.endswith(b"\r\n0\r\n\r\n")
    assert (len(notes.delays), len(notes.first)) == (3, 1)


def test_every_token_of_the_upstream_is_heard(direct: Server) -> None:
    heard = load.run(Load(callers=3, tokens=5, delay_ms=1, answers=7), direct)
    assert (heard.answers, heard.tokens) == (7, 35)


def test_callers_ask_until_their_time_is_over(direct: Server) -> None:
    heard = load.run(Load(callers=2, tokens=4, seconds=0.2), direct)
    assert heard.tokens == 4 * heard.answers > 0


def test_answers_that_are_cut_are_not_missed(direct: Server) -> None:
    endless = Load(callers=2, tokens=10_000, delay_ms=1, seconds=0.3, cut=True)
    heard = load.run(endless, direct)
    assert heard.answers == 0
    assert heard.tokens > 0


def test_an_answer_that_is_not_whole_ends_the_benchmark(direct: Server) -> None:
    other = replace(direct.contender, ending="event: never")
    with pytest.raises(BenchError, match="2 tokens of 2"):
        load.run(Load(callers=2, tokens=2, answers=4), replace(direct, contender=other))


def test_a_server_that_refuses_ends_the_benchmark(direct: Server) -> None:
    stranger = replace(direct.contender, headers={"api-key": "wrong"})
    with pytest.raises(BenchError, match="401"):
        load.run(
            Load(callers=1, tokens=1, answers=1), replace(direct, contender=stranger)
        )


def test_a_health_call_is_waited_for(direct: Server) -> None:
    assert load.longest_wait(direct, 0.1) > 0


def test_the_chain_answers_whole_and_its_processor_is_read(upstream: Upstream) -> None:
    [chain] = [each for each in everyone(upstream.url) if each.name == CHAIN]
    with serve(chain) as server:
        heard = load.run(Load(callers=4, tokens=20, answers=8), server)
        assert (heard.answers, heard.tokens) == (8, 160)
        assert server.cpu_seconds() > 0
        assert server.rss_bytes() > 1_000_000
        assert server.started > 0
        for wire in WIRES:
            asked = replace(server, contender=wire.of(chain))
            order = json.loads(load.order(Load(1, tokens=3, answers=2), asked))
            found = asyncio.run(ask(order, order["load"]))
            assert (found["answers"], found["tokens"]) == (2, 6), wire.name
