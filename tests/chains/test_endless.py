"""What an upstream never ends is neither kept nor passed on without end."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from proxy.tap import StreamTap
from runnables import chat_model
from runnables.callback import RunCallback
from runnables.fast_stream import ModelAnswer
from runs import MAX_KEPT, ModelCall, Run
from streaming.events import TextDelta
from tests.azure_openai.streamed import configured
from tests.standin.process import StandIn
from tests.support.proxy_server import PATH, ProxyServer, asking, azure
from tests.support.replayed_upstream import Replay


def answer(standin: StandIn, run: Run) -> ModelAnswer:
    model: Any = chat_model(configured(standin.url, standin.key, azure=True))
    return ModelAnswer(model, [RunCallback(run)], uuid4())


def test_empty_chunks_are_not_kept(standin: StandIn) -> None:
    kept = answer(standin, Run())
    stream: Any = None
    for delta in (
        {"role": "assistant", "content": ""},
        *[{}] * 1000,
        {"content": None},
    ):
        kept.chunk({"choices": [{"index": 0, "delta": delta}]}, stream)
    kept.chunk({"choices": [{"delta": {"content": "x"}}]}, stream)
    assert len(kept._kept) == 2


def test_a_text_is_kept_up_to_what_a_record_takes(standin: StandIn) -> None:
    run = Run()
    kept = answer(standin, run)
    for _ in range(40_000):
        kept.text("x" * 100)
        run.see(TextDelta("d", "x" * 100))
    assert sum(map(len, kept._texts)) < 2 * MAX_KEPT + 100 * 10_000
    assert (run.content, run.unread) == ([], True)


def test_a_proxied_text_is_counted_and_not_kept() -> None:
    run = Run()
    tap = StreamTap(run, ModelCall("gpt-4o"), asked=False)
    event = b'data: {"choices":[{"index":0,"delta":{"content":"%b"}}]}\n\n'
    for _ in range(4_000):
        tap.feed(event % (b"x" * 1000))
    assert sum(map(len, run.content)) <= 2 * MAX_KEPT
    assert tap.unread_bytes + sum(map(len, run.content)) == 4_000_000
    assert run.unread
    tap.feed(b"data: [DONE]\n\n")
    tap.end()
    assert tap._call.finish_reason is None  # All of it was read: it was cut.


@pytest.mark.parametrize("status", [400, 500])
async def test_an_endless_error_is_cut_after_a_megabyte(status: int) -> None:
    pieces = [b"x" * 65536] * 200
    replay = Replay(status=status, pieces=pieces)
    async with replay.served() as url:
        proxied = ProxyServer(azure(url))
        async with proxied.served() as client:
            received = bytearray()
            async with client.stream("POST", PATH, json=asking("x")) as response:
                assert response.status_code == status
                with pytest.raises(httpx.RemoteProtocolError):
                    await collect(response, received)
    assert 0 < len(received) <= 1024 * 1024 + 65536


async def collect(response: httpx.Response, into: bytearray) -> None:
    async for piece in response.aiter_raw():
        into += piece
