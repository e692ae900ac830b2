"""A crowd of callers who leave at once."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

import anyio
from starlette.types import Message

from server.capacity import Capacity
from streaming.events import Event, TextDelta
from tests.support.kept_runs import KeptRuns
from tests.support.served_response import answer

CROWD = 100


async def test_what_others_wait_for_goes_on_while_a_crowd_leaves() -> None:
    left, all_begun = asyncio.Event(), asyncio.Event()
    begun, turn, stopped_in = 0, 0, list[int]()

    async def endless() -> AsyncGenerator[Event]:
        nonlocal begun
        yield TextDelta("d", "Hi")
        begun += 1
        if begun == CROWD:
            all_begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped_in.append(turn)

    async def bystander() -> None:
        nonlocal turn
        while True:
            turn += 1
            await asyncio.sleep(0)

    async def receive() -> Message:
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        pass

    kept, capacity = KeptRuns(), Capacity(CROWD)
    with anyio.fail_after(20):
        watching = asyncio.create_task(bystander())
        async with asyncio.TaskGroup() as group:
            for _ in range(CROWD):
                response = answer(endless, kept, capacity=capacity)
                group.create_task(response({"type": "http"}, receive, send))
            await all_begun.wait()
            left.set()
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
    assert [run.status for run in kept.runs] == ["cancelled"] * CROWD
    assert len(set(stopped_in)) == CROWD
