"""Silence in a proxied call: how long it is borne, and what fills it."""

import asyncio
from time import monotonic

import anyio
import pytest

from proxy import body as proxied_body
from server import limits as limits_module
from server.limits import Limits
from tests.standin.process import StandIn
from tests.support.proxied_calls import (
    ANSWER,
    DONE,
    FINISH,
    FOREVER,
    OPENING,
    USAGE,
    WHOLE,
    code_of,
    error_frame,
    through,
)
from tests.support.proxy_server import PATH, ProxyServer, asking, azure
from tests.support.replayed_upstream import Pieces, Replay

COMMENT = b": keep-alive\n\n"


async def test_an_answer_that_never_begins_is_504() -> None:
    limits = Limits(peek=9, first_token=1)
    with anyio.fail_after(20):
        for replay in (Replay(pieces=[FOREVER]), Replay(pieces=[OPENING, FOREVER])):
            _, status, body, _ = await through(replay, limits)
            assert (status, code_of(body)) == (504, "upstream_timeout")
            await replay.closed.wait()


async def test_an_upstream_without_a_head_is_504(standin: StandIn) -> None:
    limits = Limits(first_token=2.5)
    proxied = ProxyServer(azure(standin.url), limits=limits)
    async with proxied.served() as client:
        ask = asking("slow_first ms=60000 tag=proxied-slow")
        response = await client.post(PATH, json=ask)
    assert response.status_code == 504
    assert code_of(response.content) == "upstream_timeout"
    usage = (await proxied.run()).usage
    assert (usage.input_tokens > 0, usage.estimated) == (True, True)
    await anyio.to_thread.run_sync(standin.wait_closed, "proxied-slow")


async def test_an_answer_that_does_not_begin_once_the_status_is_out() -> None:
    limits = Limits(peek=0.1, first_token=2.5)
    replay = Replay(pieces=[OPENING, FOREVER])
    _, status, body, whole = await through(replay, limits)
    message = "The model did not begin to answer in time."
    expected = OPENING + error_frame(message, "upstream_timeout")
    assert (status, body, whole) == (200, expected, True)


async def test_a_stall_ends_the_stream_with_an_error() -> None:
    replay = Replay(pieces=[ANSWER, b'data: {"half', FOREVER])
    proxied, status, body, whole = await through(replay, Limits(stall=0.2))
    message = "The model fell silent in the middle of its answer."
    expected = ANSWER + error_frame(message, "upstream_stall")
    assert (status, body, whole) == (200, expected, True)
    assert (await proxied.run()).status == "error"
    await replay.closed.wait()


async def test_comments_are_no_sign_of_life() -> None:
    pieces: Pieces = [ANSWER, *(b": still here\n\n", 0.05) * 100]
    limits = Limits(stall=0.3)
    with anyio.fail_after(20):
        _, _, body, _ = await through(Replay(pieces=pieces), limits)
    assert b"upstream_stall" in body


async def test_the_deadline_ends_the_stream() -> None:
    pieces: Pieces = (ANSWER, 0.05) * 100
    proxied, _, body, whole = await through(Replay(pieces=pieces), Limits(deadline=2.5))
    assert whole
    last = error_frame("The answer took too long.", "deadline")
    assert body.endswith(ANSWER + last)
    run = await proxied.run()
    assert (run.status, run.finish_reason) == ("deadline", "deadline")


async def test_an_answer_that_is_no_stream_ends_at_its_own_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits_module, "UNSTREAMED_SECONDS", 0.2)
    replay = Replay(pieces=[FOREVER], headers=[("content-type", "application/json")])
    async with replay.served() as url:
        proxied = ProxyServer(azure(url))
        async with proxied.served() as client:
            response = await client.post(PATH, json=asking("x", stream=False))
    assert (response.status_code, code_of(response.content)) == (504, "deadline")
    assert (await proxied.run()).status == "deadline"


async def test_silence_after_the_end_is_not_waited_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(proxied_body, "AFTER_DONE_SECONDS", 0.1)
    with anyio.fail_after(20):
        replay = Replay(pieces=[WHOLE, FOREVER])
        _, status, body, whole = await through(replay)
    assert (status, body, whole) == (200, WHOLE, True)


async def test_silence_is_filled_with_comments_between_events() -> None:
    half, heard = len(ANSWER) // 2, asyncio.Event()
    pieces: Pieces = [
        ANSWER,
        ANSWER[:half],
        heard,
        ANSWER[half:] + FINISH + USAGE + DONE,
    ]
    body, began = b"", monotonic()
    async with Replay(pieces=pieces).served() as url:
        proxied = ProxyServer(azure(url), limits=Limits(keep_alive=0.1))
        async with (
            proxied.served() as client,
            client.stream("POST", PATH, json=asking("x")) as response,
        ):
            async for piece in response.aiter_raw():
                body += piece
                if body.count(COMMENT) == 2 and not heard.is_set():
                    assert monotonic() - began >= 0.2
                    heard.set()
    comments = body.count(COMMENT)
    assert body == ANSWER + COMMENT * comments + ANSWER + FINISH + DONE


async def test_there_is_no_comment_in_an_event_that_passes_in_pieces() -> None:
    long = b'data: {"choices":[{"delta":{"content":"%b"}}]}\n\n' % (b"x" * 100_000)
    pieces: Pieces = [long[:90_000], 0.3, long[90_000:], FINISH, DONE]
    _, _, body, _ = await through(Replay(pieces=pieces), Limits(keep_alive=0.1))
    assert body.startswith(long)
    assert body.removeprefix(long).replace(COMMENT, b"") == FINISH + DONE
