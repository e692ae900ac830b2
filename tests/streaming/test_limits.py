"""Limits against chains that do not behave."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from time import monotonic

import anyio
import pytest

from runs import Run
from server.capacity import Capacity
from server.limits import Limits, limit
from streaming.errors import DeadlineExceeded, InternalError, Overloaded
from streaming.events import Event, TextDelta
from streaming.upstream_errors import UpstreamStall, UpstreamTimeout


async def seen(
    events: AsyncGenerator[Event], limits: Limits, *, age: float = 0
) -> list[str]:
    run = Run(chain="test", dialect="json")
    run.timing.started -= age
    texts = []
    with anyio.fail_after(20):
        async for event in limit(events, limits, run, started=run.started):
            assert isinstance(event, TextDelta)
            run.see(event)
            texts.append(event.text)
    return texts


async def says(*texts: str, then: float = 0) -> AsyncGenerator[Event]:
    for text in texts:
        yield TextDelta("d", text)
    await asyncio.sleep(then)


async def test_within_its_limits_a_stream_is_passed_on() -> None:
    assert await seen(says("a", "b"), Limits()) == ["a", "b"]


async def test_each_limit_has_its_own_error() -> None:
    with pytest.raises(UpstreamTimeout):
        await seen(says(then=60), Limits(first_token=0.05))
    with pytest.raises(UpstreamStall):
        await seen(says("a", then=60), Limits(stall=0.05))
    with pytest.raises(DeadlineExceeded):
        await seen(says("a", then=60), Limits(deadline=0.05))


async def test_a_stall_counts_from_the_last_token_whatever_came_before() -> None:
    async def late() -> AsyncGenerator[Event]:
        await asyncio.sleep(0.2)
        yield TextDelta("d", "a")
        await asyncio.sleep(60)

    with pytest.raises(UpstreamStall):
        await seen(late(), Limits(first_token=60, stall=0.1))


async def test_a_stall_after_a_tool_counts_from_the_tools_end() -> None:
    run = Run(chain="test", dialect="json")

    async def uses_a_tool() -> AsyncGenerator[Event]:
        yield TextDelta("d", "a")
        run.tools_running += 1
        await asyncio.sleep(0.3)
        run.tools_running -= 1
        run.active_at = monotonic()
        yield TextDelta("d", "b")
        await asyncio.sleep(60)

    limited = limit(uses_a_tool(), Limits(stall=0.1), run, started=run.started)
    for _ in range(2):
        run.see(await anext(limited))
    with anyio.fail_after(20), pytest.raises(UpstreamStall):
        await anext(limited)


async def test_a_chain_that_ends_as_it_is_told_has_still_stalled() -> None:
    async def polite() -> AsyncGenerator[Event]:
        yield TextDelta("d", "a")
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)

    async def offended() -> AsyncGenerator[Event]:
        async for event in polite():
            yield event
        raise InternalError("cancelled?")

    for chain in (polite, offended):
        with pytest.raises(UpstreamStall):
            await seen(chain(), Limits(stall=0.1))


async def test_a_deadline_that_has_passed_before_the_start_is_one() -> None:
    with pytest.raises(DeadlineExceeded):
        await seen(says("a"), Limits(deadline=1), age=2)


async def test_a_chain_that_ignores_its_cancellation_is_cancelled_again() -> None:
    ignored = 0

    async def stubborn() -> AsyncGenerator[Event]:
        nonlocal ignored
        yield TextDelta("d", "a")
        while ignored < 1:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                ignored += 1
        await asyncio.sleep(60)

    with pytest.raises(UpstreamStall):
        await seen(stubborn(), Limits(stall=0.05))
    assert ignored == 1
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_cancellation_that_nobody_asked_for_is_the_chains_own_failure() -> None:
    async def leaks() -> AsyncGenerator[Event]:
        yield TextDelta("d", "a")
        raise asyncio.CancelledError

    with pytest.raises(InternalError):
        await seen(leaks(), Limits())


async def test_a_cancellation_from_outside_passes_through() -> None:
    begun = asyncio.Event()

    async def begins() -> AsyncGenerator[Event]:
        begun.set()
        await asyncio.Event().wait()
        yield TextDelta("d", "never")

    task = asyncio.create_task(seen(begins(), Limits(stall=30)))
    with anyio.fail_after(20):
        await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_one_more_than_the_capacity_is_refused_and_a_place_is_given_back() -> None:
    capacity = Capacity(1)
    with capacity, pytest.raises(Overloaded), capacity:
        pass
    with capacity:
        assert capacity.open == 1
    assert capacity.open == 0


def test_looking_for_room_takes_none() -> None:
    capacity = Capacity(1)
    for _ in range(3):
        capacity.check()
    assert capacity.open == 0
    with capacity, pytest.raises(Overloaded):
        capacity.check()
    assert capacity.open == 0
