"""The response on a real server: its status, its writes, bugs of dialects and sinks."""

import asyncio
from collections.abc import AsyncGenerator
from types import ModuleType, SimpleNamespace
from typing import cast

import anyio
import httpx
import pytest
from starlette.types import Message

from server.limits import Limits
from streaming.dialects import Dialect, delta, openai, text, ui_message
from streaming.dialects import json as native
from streaming.errors import InternalError, RateLimited
from streaming.events import Citation, Event, ReasoningDelta, TextDelta, ToolCall
from streaming.requests import ChatRequest
from tests.support.app_process import read_events
from tests.support.kept_runs import KeptRuns
from tests.support.served_response import answer, served


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
    for token in ("a", "b", "c"):
        await asyncio.sleep(0.05)
        yield TextDelta("d", token)


async def test_a_dialects_bug_before_the_first_frame_is_a_500(
    caplog: pytest.LogCaptureFixture,
) -> None:
    kept, dialect = KeptRuns(), broken_dialect(0)
    async with (
        served(lambda: answer(three, kept, dialect=dialect, stream=False)) as url,
        httpx.AsyncClient() as client,
    ):
        response = await client.get(url)
    assert response.status_code == 500
    assert [run.status for run in kept.runs] == ["error"]
    assert response.json()["error"]["code"] == "internal_error"
    assert "RuntimeError in a dialect" in caplog.text
    assert "secret" not in caplog.text + response.text


async def test_a_dialects_bug_in_the_middle_cuts_the_connection() -> None:
    kept, came = KeptRuns(), bytearray()

    async def read(response: httpx.Response) -> None:
        async for piece in response.aiter_bytes():
            came.extend(piece)

    async with (
        served(lambda: answer(three, kept, dialect=broken_dialect(2))) as url,
        httpx.AsyncClient() as client,
        client.stream("GET", url) as response,
    ):
        with pytest.raises(httpx.RemoteProtocolError):
            await read(response)
    assert (came.count(b"delta_content"), came.count(b"event: done")) == (2, 0)
    [run] = kept.runs
    assert (run.status, run.error and run.error.code) == ("error", "internal_error")


async def failing() -> AsyncGenerator[Event]:
    yield Citation("1", "title", "url", "snippet")
    raise RateLimited("busy", retry_after_ms=1)


async def test_citations_do_not_commit_the_status() -> None:
    async with (
        served(lambda: answer(failing, KeptRuns())) as url,
        httpx.AsyncClient() as c,
    ):
        assert (await c.get(url)).status_code == 429


async def test_with_no_peek_the_status_is_out_at_once() -> None:
    no_peek, status_seen = Limits(peek=0), asyncio.Event()

    async def late() -> AsyncGenerator[Event]:
        await status_seen.wait()
        raise InternalError("late")
        yield

    async with (
        asyncio.timeout(20),
        served(lambda: answer(late, KeptRuns(), limits=no_peek)) as url,
        httpx.AsyncClient() as client,
        client.stream("GET", url) as response,
    ):
        status_seen.set()
        content = await response.aread()
    events = read_events(httpx.Response(200, headers=response.headers, content=content))
    assert [name for name, _ in events] == ["error", "done"]


async def test_what_a_dialect_does_not_show_is_no_silence() -> None:
    async def thinking() -> AsyncGenerator[Event]:
        for _ in range(5):
            await asyncio.sleep(0.01)
            yield ReasoningDelta("d", "hm")
        yield TextDelta("d", "a")

    async with (
        served(
            lambda: answer(thinking, KeptRuns(), dialect=cast(Dialect, delta))
        ) as url,
        httpx.AsyncClient() as client,
    ):
        body = (await client.get(url)).content
    assert body.startswith(b'data: {"delta":"a"')
    assert delta.keep_alive("d") not in body


async def test_silence_is_filled_however_much_is_not_shown() -> None:
    async def thinking() -> AsyncGenerator[Event]:
        for _ in range(50):
            await asyncio.sleep(0.02)
            yield ReasoningDelta("d", "hm")

    limits = Limits(keep_alive=0.2)
    hiding = cast(Dialect, delta)
    async with (
        served(
            lambda: answer(thinking, KeptRuns(), dialect=hiding, limits=limits)
        ) as url,
        httpx.AsyncClient() as client,
    ):
        body = (await client.get(url)).content
    assert delta.keep_alive("d") in body


async def test_an_empty_answer_is_empty() -> None:
    async def nothing() -> AsyncGenerator[Event]:
        return
        yield

    plain = cast(Dialect, text)
    async with (
        served(lambda: answer(nothing, KeptRuns(), dialect=plain, stream=False)) as url,
        httpx.AsyncClient() as client,
    ):
        response = await client.get(url)
    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize("dialect", [native, openai, ui_message])
async def test_whatever_a_tool_is_called_with_can_be_written(
    dialect: ModuleType,
) -> None:
    odd = {"order": 2**70, "seen": {1}, "none": float("nan")}

    async def calling() -> AsyncGenerator[Event]:
        yield ToolCall("d", "c1", "find", odd)

    async with (
        served(
            lambda: answer(calling, KeptRuns(), dialect=cast(Dialect, dialect))
        ) as url,
        httpx.AsyncClient() as client,
    ):
        body = (await client.get(url)).text
    assert str(2**70) in body
    assert body.rstrip().splitlines()[-1].startswith("data: ")


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
        await answer(ready, KeptRuns())({"type": "http"}, receive, send)
    bodies = [message["body"] for message in sent if "body" in message]
    assert b"".join(bodies).count(b"\n\n") == 101
    assert len(bodies) <= 3
