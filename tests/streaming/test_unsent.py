"""An answer whose beginning cannot be sent, and when a run is recorded."""

import asyncio
from collections.abc import AsyncGenerator, Callable

import anyio
import pytest
from starlette.responses import Response
from starlette.types import Message

from runs import Run, recording
from streaming.errors import RateLimited
from streaming.events import Event, TextDelta
from tests.support.kept_runs import KeptRuns
from tests.support.proxied_calls import WHOLE
from tests.support.proxy_server import ProxyServer, azure
from tests.support.recorded_runs import RecordedRuns
from tests.support.replayed_upstream import Replay
from tests.support.served_response import answer

ASK = b'{"messages":[{"role":"user","content":"?"}],"stream":true}'
WHOLE_JSON = (
    b'{"choices":[{"index":0,"finish_reason":"stop","message":{"content":"a"}}]}'
)
JSON = [("content-type", "application/json")]


class Recording(KeptRuns):
    """Notes in *happened* when a run is recorded."""

    def __init__(self, happened: list[str]) -> None:
        super().__init__()
        self.happened = happened

    def emit(self, run: Run) -> recording.Recording:
        self.happened.append(f"recorded {run.status}")
        return super().emit(run)


class Noting(RecordedRuns):
    """Notes in *happened* when a run is appended."""

    def __init__(self, happened: list[str]) -> None:
        super().__init__()
        self.happened = happened

    def append(self, run: Run) -> None:
        super().append(run)
        self.happened.append(f"recorded {run.status}")


async def deliver(response: Response, happened: list[str], refused: str = "") -> None:
    """Send *response* over a connection that refuses messages of the type *refused*."""

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        if message["type"] == refused:
            raise RuntimeError("secret: Invalid HTTP header value.")
        happened.append(message["type"].removeprefix("http.response."))

    with anyio.fail_after(20):
        await response({"type": "http"}, receive, send)


async def one() -> AsyncGenerator[Event]:
    yield TextDelta("d", "Hi")


async def none() -> AsyncGenerator[Event]:
    return
    yield


async def busy() -> AsyncGenerator[Event]:
    raise RateLimited("busy")
    yield


@pytest.mark.parametrize("source", [one, none])
@pytest.mark.parametrize("stream", [True, False])
async def test_a_run_of_which_nothing_could_be_sent_is_not_ok(
    source: Callable[[], AsyncGenerator[Event]], stream: bool
) -> None:
    happened: list[str] = []
    kept = Recording(happened)
    with pytest.raises(RuntimeError):
        await deliver(
            answer(source, kept, stream=stream), happened, "http.response.start"
        )
    assert happened == ["recorded cancelled"]


@pytest.mark.parametrize("stream", [True, False])
async def test_a_run_that_failed_did_so_even_if_nobody_could_be_told(
    stream: bool,
) -> None:
    happened: list[str] = []
    kept = Recording(happened)
    with pytest.raises(RuntimeError):
        await deliver(
            answer(busy, kept, stream=stream), happened, "http.response.start"
        )
    assert happened == ["recorded error"]


@pytest.mark.parametrize("source", [one, none])
@pytest.mark.parametrize("stream", [True, False])
async def test_a_run_is_recorded_between_the_head_of_its_answer_and_the_end(
    source: Callable[[], AsyncGenerator[Event]], stream: bool
) -> None:
    happened: list[str] = []
    await deliver(answer(source, Recording(happened), stream=stream), happened)
    assert happened.count("recorded ok") == 1
    recorded = happened.index("recorded ok")
    assert happened[0] == "start"
    assert "body" in happened[recorded:]


@pytest.mark.parametrize("stream", [True, False])
async def test_a_proxied_call_of_which_nothing_could_be_sent_is_not_ok(
    stream: bool,
) -> None:
    body = ASK if stream else ASK.replace(b"true", b"false")
    replay = Replay([WHOLE]) if stream else Replay([WHOLE_JSON], headers=JSON)
    async with replay.served() as url:
        proxied = ProxyServer(azure(url))
        with pytest.raises(RuntimeError):
            await deliver(proxied.respond(body), [], "http.response.start")
        await proxied.proxy.aclose()
    assert [run.status for run in proxied.runs] == ["cancelled"]


@pytest.mark.parametrize("stream", [True, False])
async def test_a_proxied_call_is_recorded_between_its_head_and_its_end(
    stream: bool,
) -> None:
    body = ASK if stream else ASK.replace(b"true", b"false")
    replay = Replay([WHOLE]) if stream else Replay([WHOLE_JSON], headers=JSON)
    happened: list[str] = []
    async with replay.served() as url:
        proxied = ProxyServer(azure(url), runs=Noting(happened))
        await deliver(proxied.respond(body), happened)
        await proxied.proxy.aclose()
    assert happened.count("recorded ok") == 1
    recorded = happened.index("recorded ok")
    assert happened[0] == "start"
    assert "body" in happened[recorded:]
