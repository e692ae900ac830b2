"""A response whose caller leaves or stops reading, or whose chain does not stop."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress

import anyio
import httpx
import pytest

from streaming import response as response_module
from streaming.events import Event, TextDelta
from streaming.limits import Limits
from tests.kept import Kept
from tests.streaming.answered import answer, served


async def holds(condition: Callable[[], bool]) -> None:
    """Wait until *condition* does; `fail_after` around it bounds that."""
    while not condition():  # noqa: ASYNC110 - there is no event to wait for
        await asyncio.sleep(0.01)


def tasks() -> set[str]:
    return {task.get_name() for task in asyncio.all_tasks()}


async def test_a_reader_who_stops_reading_stops_the_source() -> None:
    pulled, closed = 0, False

    async def endless() -> AsyncGenerator[Event]:
        nonlocal pulled, closed
        try:
            while True:
                pulled += 1
                yield TextDelta("d", "x" * 1000)
        finally:
            closed = True

    kept = Kept()
    with anyio.fail_after(20):
        async with served(lambda: answer(endless, kept)) as url:
            _, port = url.removeprefix("http://").split(":")
            reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
            writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            await reader.readline()
            before = -1
            while pulled != before:  # The kernel's buffers fill first.
                before = pulled
                await asyncio.sleep(0.2)
            writer.transport.abort()
            await holds(lambda: closed)
    assert pulled * 1000 < 20_000_000
    assert [run.status for run in kept.runs] == ["cancelled"]


async def test_a_caller_who_leaves_is_recorded_with_what_was_produced() -> None:
    async def stuck() -> AsyncGenerator[Event]:
        for text in ("a", "b", "c"):
            yield TextDelta("d", text)
        await asyncio.Event().wait()

    kept = Kept()
    with anyio.fail_after(20):
        async with served(lambda: answer(stuck, kept)) as url:
            before = tasks()
            async with (
                httpx.AsyncClient() as client,
                client.stream("GET", url) as response,
            ):
                lines = response.aiter_lines()
                while '"c"' not in await anext(lines):
                    pass
            await holds(lambda: bool(kept.runs))
            await holds(lambda: tasks() <= before)
    [run] = kept.runs
    assert run.status == "cancelled"
    assert "".join(run.content) == "abc"


async def test_a_caller_who_leaves_while_nothing_was_said_is_recorded() -> None:
    started = asyncio.Event()

    async def mute() -> AsyncGenerator[Event]:
        started.set()
        await asyncio.Event().wait()
        yield TextDelta("d", "never")

    kept = Kept()
    with anyio.fail_after(20):
        async with (
            served(lambda: answer(mute, kept)) as url,
            httpx.AsyncClient() as http,
        ):
            before = tasks()
            asking = asyncio.create_task(http.get(url))
            await started.wait()
            asking.cancel()
            await asyncio.wait([asking])
            await holds(lambda: bool(kept.runs))
            await holds(lambda: tasks() <= before)
    assert [(run.status, run.content) for run in kept.runs] == [("cancelled", [])]


async def test_a_reader_who_is_gone_at_the_deadline_costs_no_more_than_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(response_module, "FAREWELL_SECONDS", 0.2)

    async def endless() -> AsyncGenerator[Event]:
        while True:
            yield TextDelta("d", "x" * 1000)

    kept = Kept()
    with anyio.fail_after(20):
        async with served(
            lambda: answer(endless, kept, limits=Limits(deadline=0.5))
        ) as url:
            _, port = url.removeprefix("http://").split(":")
            reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
            writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            await reader.readline()
            await holds(lambda: bool(kept.runs))
            writer.transport.abort()
    [run] = kept.runs
    assert (run.status, run.finish_reason) == ("deadline", "deadline")


async def test_a_chain_that_never_gives_in_does_not_keep_its_place(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(response_module, "FAREWELL_SECONDS", 0.2)
    over = asyncio.Event()

    async def stubborn() -> AsyncGenerator[Event]:
        while not over.is_set():
            with suppress(asyncio.CancelledError):
                await over.wait()
        yield TextDelta("d", "at last")

    with anyio.fail_after(20):
        async with (
            served(
                lambda: answer(stubborn, Kept(), limits=Limits(peek=9, deadline=0.1))
            ) as url,
            httpx.AsyncClient() as client,
        ):
            response = await client.get(url)
            assert response.status_code == 504
            assert "its chain does not stop" in caplog.text
            over.set()
            await holds(lambda: not response_module._stubborn)
