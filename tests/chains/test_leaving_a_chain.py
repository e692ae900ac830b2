"""What a run leaves behind is closed, and nothing else is."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Any

import anyio
import pytest
from langchain_core.runnables import (
    RunnableConfig,
    RunnableGenerator,
    RunnablePassthrough,
)

from runnables import Chain, ChainInput, from_generator
from runnables.prepared import prepare
from runnables.run import events_of
from runs import Run
from runs.ending import ending
from streaming.events import Event, TextDelta
from streaming.requests import validate


def run(chain: Chain) -> AsyncGenerator[Event]:
    request = validate({"messages": [{"role": "user", "content": "?"}]})
    return events_of(prepare(chain), request, Run())


async def ask(chain: Chain) -> list[str]:
    async with aclosing(run(chain)) as events:
        return [event.text async for event in events if isinstance(event, TextDelta)]


def in_a_branch(chain: Chain) -> Chain:
    return RunnablePassthrough.assign(answer=chain)


@pytest.mark.parametrize("turns", range(12))
@pytest.mark.parametrize("kind", ["LangChain's", "ours"])
async def test_a_branch_is_closed_however_soon_after_a_chunk_its_caller_leaves(
    kind: str, turns: int
) -> None:
    """Between two chunks it is in no task that could be cancelled."""
    loop, closed = asyncio.get_running_loop(), asyncio.Event()

    def leave(turns: int) -> None:
        if turns:
            loop.call_soon(leave, turns - 1)
        else:
            asking.cancel()

    async def speak() -> AsyncGenerator[str]:
        try:
            yield "once"
            loop.call_soon(leave, turns)
            yield "twice"
            await asyncio.Event().wait()
        finally:
            closed.set()

    async def transform(asked: AsyncIterator[Any]) -> AsyncGenerator[str]:
        async for _ in asked:
            pass
        async for chunk in speak():
            yield chunk

    def generate(inputs: ChainInput, config: RunnableConfig) -> AsyncGenerator[str]:
        return speak()

    ours = kind == "ours"
    chain = from_generator(generate) if ours else RunnableGenerator(transform)
    asking = asyncio.create_task(ask(in_a_branch(chain)))
    with anyio.fail_after(20):
        await asyncio.wait([asking])
        await closed.wait()
    assert asking.cancelled()


@pytest.mark.parametrize("place", [lambda chain: chain, in_a_branch])
async def test_what_a_chain_opens_once_outlives_the_run_that_opened_it(
    place: Callable[[Chain], Chain],
) -> None:
    """As a connection pool or a session is opened, with the first request."""
    opened, said = AsyncExitStack(), ["open"]

    @asynccontextmanager
    async def connect() -> AsyncGenerator[list[str]]:
        yield said
        said[:] = ["closed"]

    session: list[list[str]] = []

    async def answer(inputs: ChainInput, config: RunnableConfig) -> AsyncGenerator[str]:
        if not session:
            session.append(await opened.enter_async_context(connect()))
        yield session[0][0]
        yield "and well"

    chain = place(from_generator(answer))
    async with opened:
        async with aclosing(run(chain)) as events:
            await anext(events)
        assert await ask(chain) == ["open", "and well"]
    assert said == ["closed"]


async def test_a_stream_that_a_chain_breaks_off_is_closed_while_the_chain_goes_on() -> (
    None
):
    closed = asyncio.Event()

    async def speak(asked: AsyncIterator[Any]) -> AsyncGenerator[str]:
        try:
            yield "once"
            yield "twice"
        finally:
            closed.set()

    async def answer(inputs: ChainInput, config: RunnableConfig) -> AsyncGenerator[str]:
        async for _ in RunnableGenerator(speak).astream(inputs, config):
            break
        with anyio.fail_after(20):
            await closed.wait()
        yield "closed"

    assert await ask(from_generator(answer)) == ["closed"]


@pytest.mark.parametrize("kind", [ValueError, SystemExit])
@pytest.mark.parametrize("busy", [True, False])
async def test_a_clean_up_that_fails_when_the_caller_leaves_is_still_a_cancellation(
    kind: type[BaseException], busy: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody is left to be told; the log names the class and the place."""

    async def answer(inputs: ChainInput, config: RunnableConfig) -> AsyncGenerator[str]:
        try:
            yield "once"
            await asyncio.Event().wait()
        finally:
            raise kind("the text of an exception")

    events = ending(run(from_generator(answer)), Run())
    await anext(events)
    if busy:
        waiting = asyncio.create_task(anext(events))
        asyncio.get_running_loop().call_soon(waiting.cancel)
        with pytest.raises(asyncio.CancelledError):
            await waiting
    await events.aclose()
    assert f"{kind.__name__} at" in caplog.text
    assert "the text" not in caplog.text
