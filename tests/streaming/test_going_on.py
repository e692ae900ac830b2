"""A run that does not wait for its reader, who may be slow, or gone."""

import asyncio
from collections.abc import AsyncGenerator

import anyio

from server.capacity import Capacity
from server.pipe import HIGH_WATER, MOST_UNREAD, Pipe
from streaming.events import Event, TextDelta
from tests.support.kept_runs import KeptRuns
from tests.support.served_response import answer, served

PIECE, PIECES = 10_000, 4_000
"""Forty megabytes: more than the kernel's buffers take."""


async def test_a_reader_far_behind_is_cut_off_and_the_run_goes_on() -> None:
    capacity, kept = Capacity(10), KeptRuns()
    flooded, release = asyncio.Event(), asyncio.Event()

    async def large() -> AsyncGenerator[Event]:
        for _ in range(PIECES):
            yield TextDelta("d", "x" * PIECE)
            await asyncio.sleep(0)
        flooded.set()
        await release.wait()

    with anyio.fail_after(30):
        async with served(
            lambda: answer(large, kept, capacity=capacity, on_disconnect="continue")
        ) as url:
            host, port = url.removeprefix("http://").split(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            await reader.readline()
            await flooded.wait()
            received = await reader.read()  # The connection ends before the run.
            writer.close()
            assert (capacity.open, len(kept.runs)) == (1, 0)
            release.set()
            await kept.runs.reach(1)
            while capacity.open:
                await anyio.lowlevel.checkpoint()
    assert len(received) < PIECE * PIECES
    assert b"event: done" not in received
    assert [run.status for run in kept.runs] == ["ok"]


async def test_a_reader_in_time_gets_all_of_a_large_answer() -> None:
    pipe, taken = Pipe(None), bytearray()
    pipe.commit()
    pipe.when_ready(lambda: None)

    async def read() -> None:
        while not pipe.ended:
            await anyio.lowlevel.checkpoint()
            taken.extend(pipe.take())

    with anyio.fail_after(5):
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(read())
            for _ in range(50):
                await pipe.write(b"x" * HIGH_WATER)
            pipe.finish()
    assert (len(taken), pipe.dropped) == (50 * HIGH_WATER, False)


async def test_nothing_is_kept_for_a_reader_who_has_left() -> None:
    pipe = Pipe(None)
    pipe.commit()
    pipe.add(b"x" * MOST_UNREAD)
    pipe.leave()
    with anyio.fail_after(5):
        await pipe.write(b"x" * MOST_UNREAD)
    assert (pipe.size, pipe.take(), pipe.dropped) == (0, b"", False)
