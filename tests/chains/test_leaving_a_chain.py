"""A caller who leaves just as a branch of a chain has said something."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

import anyio
import pytest
from langchain_core.runnables import RunnableGenerator, RunnablePassthrough

from chains._translate import translate
from streaming.requests import validate
from telemetry.runs import Run


async def ask(model: RunnableGenerator[Any, str]) -> None:
    chain = RunnablePassthrough.assign(answer=model)
    request = validate({"messages": [{"role": "user", "content": "?"}]})
    events = translate(chain, request, progress=Run(), callbacks=[])
    async with aclosing(events):
        async for _ in events:
            pass


@pytest.mark.parametrize("turns", range(12))
async def test_a_branch_is_closed_however_soon_after_a_chunk_its_caller_leaves(
    turns: int,
) -> None:
    """Between two chunks it is in no task that could be cancelled."""
    loop, closed = asyncio.get_running_loop(), asyncio.Event()

    def leave(turns: int) -> None:
        if turns:
            loop.call_soon(leave, turns - 1)
        else:
            asking.cancel()

    async def speak(asked: AsyncIterator[Any]) -> AsyncGenerator[str]:
        try:
            async for _ in asked:
                pass
            yield "once"
            loop.call_soon(leave, turns)
            yield "twice"
            await asyncio.sleep(60)
        finally:
            closed.set()

    asking = asyncio.create_task(ask(RunnableGenerator(speak)))
    with anyio.fail_after(20):
        await asyncio.wait([asking])
        await closed.wait()
    assert asking.cancelled()
