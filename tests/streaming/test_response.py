"""The response on a real server: back-pressure, leaving, deadlines, dialects' bugs."""

import asyncio
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import anyio
import httpx
import pytest
import uvicorn
from starlette.types import Message, Receive, Scope, Send

from streaming import response as response_module
from streaming.dialects import Dialect
from streaming.dialects import json as native
from streaming.errors import InternalError, RateLimited
from streaming.events import Citation, Event, TextDelta
from streaming.limits import Capacity, Limits, limit
from streaming.requests import ChatRequest, validate
from streaming.response import EventResponse
from telemetry import Telemetry
from telemetry.journal import Journal
from telemetry.records import Record
from telemetry.runs import Run
from telemetry.sinks import Sink
from tests.kept import Kept
from tests.server import read_events, text_of

Source = Callable[[], AsyncGenerator[Event]]
JSON = cast(Dialect, native)


def answer(
    source: Source,
    kept: Kept,
    *,
    limits: Limits | None = None,
    dialect: Dialect = JSON,
    **fields: Any,
) -> EventResponse:
    """A response as `function_app` puts it together."""
    request = validate({"messages": [{"role": "user", "content": "?"}], **fields})
    run, limits = Run(chain="test", dialect="json"), limits or Limits()
    limited = limit(source(), limits, run, started=run.started)
    return EventResponse(
        kept.record(limited, run),
        request,
        dialect,
        limits=limits,
        capacity=Capacity(10),
        progress=run,
        started=run.started,
    )


@asynccontextmanager
async def served(make: Callable[[], EventResponse]) -> AsyncIterator[str]:
    """A server that answers each request with what *make* makes; its URL."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await make()(scope, receive, send)

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None))
        serving = asyncio.create_task(server.serve([listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving


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


def broken_dialect(after: int) -> Dialect:
    """The native dialect with a bug that shows after some frames."""

    async def encode(
        events: AsyncGenerator[Event], request: ChatRequest
    ) -> AsyncGenerator[bytes]:
        frames = 0
        async for frame in native.encode(events, request):
            if frames == after:
                raise RuntimeError("secret")
            frames += 1
            yield frame

    names = ("parse", "headers", "error", "keep_alive")
    module = SimpleNamespace(**{name: getattr(native, name) for name in names})
    module.encode = encode
    return cast(Dialect, cast(ModuleType, module))


async def three() -> AsyncGenerator[Event]:
    for text in ("a", "b", "c"):
        await asyncio.sleep(0.05)
        yield TextDelta("d", text)


async def test_a_dialects_bug_before_the_first_frame_is_a_500(
    caplog: pytest.LogCaptureFixture,
) -> None:
    dialect = broken_dialect(0)
    async with (
        served(lambda: answer(three, Kept(), dialect=dialect, stream=False)) as url,
        httpx.AsyncClient() as client,
    ):
        response = await client.get(url)
    assert response.status_code == 500
    assert response.json()["error"]["code"] == "internal_error"
    assert "RuntimeError in a dialect" in caplog.text
    assert "secret" not in caplog.text + response.text


async def test_a_dialects_bug_in_the_middle_ends_without_done() -> None:
    async with (
        served(lambda: answer(three, Kept(), dialect=broken_dialect(2))) as url,
        httpx.AsyncClient() as client,
    ):
        events = read_events(await client.get(url))
    assert text_of(events) == "ab"
    assert events[-1][0] != "done"


async def failing() -> AsyncGenerator[Event]:
    yield Citation("1", "title", "url", "snippet")
    raise RateLimited("busy", retry_after_ms=1)


async def test_citations_do_not_commit_the_status() -> None:
    async with served(lambda: answer(failing, Kept())) as url, httpx.AsyncClient() as c:
        assert (await c.get(url)).status_code == 429


async def test_with_no_peek_the_status_is_out_at_once() -> None:
    no_peek = Limits(peek=0)

    async def late() -> AsyncGenerator[Event]:
        await asyncio.sleep(0.05)
        raise InternalError("late")
        yield

    async with (
        served(lambda: answer(late, Kept(), limits=no_peek)) as url,
        httpx.AsyncClient() as client,
    ):
        events = read_events(await client.get(url))
    assert [name for name, _ in events] == ["error", "done"]


async def test_what_is_ready_goes_out_in_one_write() -> None:
    async def ready() -> AsyncGenerator[Event]:
        for number in range(100):
            yield TextDelta("d", str(number))

    sent: list[Message] = []

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    with anyio.fail_after(20):
        await answer(ready, Kept())({"type": "http"}, receive, send)
    bodies = [message["body"] for message in sent if "body" in message]
    assert b"".join(bodies).count(b"\n\n") == 101
    assert len(bodies) <= 3


async def test_a_sink_that_fails_stops_neither_the_stream_nor_the_other_sinks(
    tmp_path: Path,
) -> None:
    class Failing(Sink):
        queued = False

        def emit(self, records: object) -> None:
            raise OSError("no space")

    class Keeping(Sink):
        queued = False

        def emit(self, records: Sequence[Record]) -> None:
            kept.extend(records)

    async def source() -> AsyncGenerator[Event]:
        yield TextDelta("d", "a")

    kept, run = list[Record](), Run(chain="test", dialect="json")
    journal = Journal(tmp_path, [], keep=True)
    to = {"failing": Failing(), "keeping": Keeping()}
    recorded = Telemetry(journal, to, content=False).record(source(), run)
    events = [type(event).__name__ async for event in recorded]
    assert events == ["TextDelta", "Usage", "Done"]
    assert [record["id"] for record in kept] == [run.id]
    journal.close()
