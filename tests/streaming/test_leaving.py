"""A response whose caller leaves or stops reading, or whose chain does not stop."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any

import anyio
import httpx
import pytest
from starlette.types import Message

import runs
from server import response as response_module
from server.limits import Limits
from streaming.events import Event, TextDelta
from tests.support.kept_runs import KeptRuns
from tests.support.quiet import quiet
from tests.support.served_response import answer, served


async def end_of_all_but(tasks: set[asyncio.Task[Any]]) -> None:
    """Wait for the other tasks to end; `fail_after` around it bounds that."""
    while others := asyncio.all_tasks() - tasks:
        await asyncio.wait(others)


async def test_a_reader_who_stops_reading_stops_the_source() -> None:
    sent, pulled, closed = 0, asyncio.Event(), asyncio.Event()

    async def endless() -> AsyncGenerator[Event]:
        nonlocal sent
        try:
            while True:
                sent += 1000
                pulled.set()
                yield TextDelta("d", "x" * 1000)
        finally:
            closed.set()

    kept = KeptRuns()
    with anyio.fail_after(20):
        async with served(lambda: answer(endless, kept)) as url:
            _, port = url.removeprefix("http://").split(":")
            reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
            writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            await reader.readline()
            await quiet(pulled, 0.2)  # The kernel's buffers fill first.
            writer.transport.abort()
            await closed.wait()
    assert sent < 20_000_000
    assert [run.status for run in kept.runs] == ["cancelled"]


async def test_a_caller_who_leaves_is_recorded_with_what_was_produced() -> None:
    async def stuck() -> AsyncGenerator[Event]:
        for text in ("a", "b", "c"):
            yield TextDelta("d", text)
        await asyncio.Event().wait()

    kept = KeptRuns()
    with anyio.fail_after(20):
        async with served(lambda: answer(stuck, kept)) as url:
            before = asyncio.all_tasks()
            async with (
                httpx.AsyncClient() as client,
                client.stream("GET", url) as response,
            ):
                lines = response.aiter_lines()
                while '"c"' not in await anext(lines):
                    pass
            await kept.runs.reach(1)
            await end_of_all_but(before)
    [run] = kept.runs
    assert run.status == "cancelled"
    assert "".join(run.content) == "abc"


async def test_a_caller_who_leaves_while_nothing_was_said_is_recorded() -> None:
    started = asyncio.Event()

    async def mute() -> AsyncGenerator[Event]:
        started.set()
        await asyncio.Event().wait()
        yield TextDelta("d", "never")

    kept = KeptRuns()
    with anyio.fail_after(20):
        async with (
            served(lambda: answer(mute, kept)) as url,
            httpx.AsyncClient() as http,
        ):
            before = asyncio.all_tasks()
            asking = asyncio.create_task(http.get(url))
            await started.wait()
            asking.cancel()
            await asyncio.wait([asking])
            await kept.runs.reach(1)
            await end_of_all_but(before)
    assert [(run.status, run.content) for run in kept.runs] == [("cancelled", [])]


async def test_a_run_that_the_server_cuts_off_is_recorded_as_shut_down() -> None:
    begun = asyncio.Event()

    async def stuck() -> AsyncGenerator[Event]:
        yield TextDelta("d", "a")
        begun.set()
        await asyncio.Event().wait()

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        pass

    kept = KeptRuns()
    with anyio.fail_after(20):
        sending = asyncio.create_task(
            answer(stuck, kept)({"type": "http"}, receive, send)
        )
        await begun.wait()
        sending.cancel()
        await asyncio.wait([sending])
    assert sending.cancelled()
    assert [(run.status, run.finish_reason) for run in kept.runs] == [
        ("shutdown", "error")
    ]


async def test_a_reader_who_is_gone_at_the_deadline_costs_no_more_than_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(response_module, "FAREWELL_SECONDS", 0.2)

    async def endless() -> AsyncGenerator[Event]:
        while True:
            yield TextDelta("d", "x" * 1000)

    kept = KeptRuns()
    with anyio.fail_after(20):
        async with served(
            lambda: answer(endless, kept, limits=Limits(deadline=0.5))
        ) as url:
            _, port = url.removeprefix("http://").split(":")
            reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
            writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            await reader.readline()
            await kept.runs.reach(1)
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
                lambda: answer(
                    stubborn, KeptRuns(), limits=Limits(peek=9, deadline=0.1)
                )
            ) as url,
            httpx.AsyncClient() as client,
        ):
            response = await client.get(url)
            assert response.status_code == 504
            assert "its chain does not stop" in caplog.text
            over.set()
            await asyncio.wait(runs._stubborn)
            assert not runs._stubborn
