"""The response on a real server: its status, its writes, bugs of dialects and sinks."""

import asyncio
from collections.abc import AsyncGenerator
from types import ModuleType, SimpleNamespace
from typing import cast

import anyio
import httpx
import pytest
from starlette.types import Message

from streaming.dialects import Dialect
from streaming.dialects import json as native
from streaming.errors import InternalError, RateLimited
from streaming.events import Citation, Event, TextDelta
from streaming.limits import Limits
from streaming.requests import ChatRequest
from tests.kept import Kept
from tests.server import read_events, text_of
from tests.streaming.answered import answer, served


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
