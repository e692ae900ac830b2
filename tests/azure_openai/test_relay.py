"""What may go wrong with a proxied call: lost connections, silence, who leaves."""

import asyncio
import json
import math
from time import monotonic

import anyio
import httpx
import pytest
from starlette.types import Message

from azure_openai import relay
from streaming.events import Usage
from streaming.limits import Limits
from tests.azure_openai.proxied import PATH, Proxied, asking, azure, holds
from tests.azure_openai.replay import Pieces, Replay
from tests.azure_openai.test_passthrough import (
    ANSWER,
    DONE,
    FINISH,
    USAGE,
    WHOLE,
    exchange,
)
from tests.promptness import prompt
from tests.standin.process import StandIn

OPENING = b'data: {"choices":[{"index":0,"delta":{"role":"assistant"}}]}\n\n'
COMMENT = b": keep-alive\n\n"
FOREVER = 60.0


def error_frame(message: str, code: str, kind: str = "server_error") -> bytes:
    error = {"message": message, "type": kind, "param": None, "code": code}
    return (
        b"data: %b\n\n" % json.dumps({"error": error}, separators=(",", ":")).encode()
    )


async def read(response: httpx.Response) -> tuple[bytes, bool]:
    """The body, as far as it came, and whether it was whole."""
    body = bytearray()
    try:
        async for piece in response.aiter_raw():
            body += piece
    except httpx.RemoteProtocolError:
        return bytes(body), False
    return bytes(body), True


async def through(
    replay: Replay, limits: Limits | None = None
) -> tuple[Proxied, int, bytes, bool]:
    """One call through the proxy to *replay*: status, body, whether it was whole."""
    async with replay.served() as url:
        proxied = Proxied(azure(url), limits=limits or Limits())
        async with proxied.served() as client:
            async with client.stream("POST", PATH, json=asking("x")) as response:
                body, whole = await read(response)
            await proxied.run()
    return proxied, response.status_code, body, whole


def code_of(body: bytes) -> str:
    return str(json.loads(body)["error"]["code"])


async def test_a_refused_connection_is_502() -> None:
    async with Replay().served() as url:
        pass  # Nobody listens there any more.
    proxied = Proxied(azure(url))
    async with proxied.served() as client:
        response = await client.post(PATH, json=asking("x"))
    assert response.status_code == 502
    assert code_of(response.content) == "upstream_error"
    assert (await proxied.run()).usage == Usage()


@pytest.mark.parametrize("scenario", ["drop_before", "drop_before fin=1"])
async def test_a_connection_lost_before_the_answer_is_502(
    standin: StandIn, scenario: str
) -> None:
    proxied = Proxied(azure(standin.url))
    async with proxied.served() as client:
        response = await client.post(PATH, json=asking(scenario))
    assert response.status_code == 502
    assert code_of(response.content) == "upstream_error"


async def test_a_connection_lost_before_anything_was_said_is_502() -> None:
    replay = Replay(pieces=[OPENING], whole=False)
    _, status, body, _ = await through(replay)
    assert (status, code_of(body)) == (502, "upstream_error")


@pytest.mark.parametrize("scenario", ["drop tokens=2", "drop tokens=2 fin=1"])
async def test_a_connection_lost_on_the_way_breaks_the_callers(
    standin: StandIn, scenario: str
) -> None:
    proxied = Proxied(azure(standin.url))
    async with (
        proxied.served() as client,
        client.stream("POST", PATH, json=asking(scenario)) as response,
    ):
        body, whole = await read(response)
    assert response.status_code == 200
    assert not whole
    assert b" tok1" in body
    lost = error_frame("The connection to the model was lost.", "upstream_error")
    assert body.endswith(b"\n\n" + lost)
    run = await proxied.run()
    assert run.status == "error"
    assert run.usage.estimated
    assert "".join(run.content) == "tok0 tok1"


async def test_what_arrived_before_the_loss_is_passed_on() -> None:
    pieces = [ANSWER, ANSWER, b'data: {"half']
    _, _, body, whole = await through(Replay(pieces=pieces, whole=False))
    lost = error_frame("The connection to the model was lost.", "upstream_error")
    assert (body, whole) == (ANSWER + ANSWER + lost, False)


async def test_a_stream_that_is_cut_cleanly_stays_as_it_is() -> None:
    proxied, status, body, whole = await through(Replay(pieces=[ANSWER]))
    assert (status, body, whole) == (200, ANSWER, True)
    run = await proxied.run()
    assert run.error is not None
    assert run.error.code == "upstream_incomplete"


async def test_what_is_lost_after_the_end_is_no_failure() -> None:
    replay = Replay(pieces=[ANSWER, FINISH, USAGE, DONE], whole=False)
    proxied, status, body, whole = await through(replay)
    assert (status, body, whole) == (200, WHOLE, False)
    assert (await proxied.run()).status == "ok"


async def test_silence_after_the_end_is_not_waited_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relay, "AFTER_DONE_SECONDS", 0.1)
    with anyio.fail_after(20):
        replay = Replay(pieces=[WHOLE, FOREVER])
        _, status, body, whole = await through(replay)
    assert (status, body, whole) == (200, WHOLE, True)


async def test_an_answer_that_never_begins_is_504() -> None:
    limits = Limits(peek=9, first_token=0.2)
    with anyio.fail_after(20):
        for replay in (Replay(pieces=[FOREVER]), Replay(pieces=[OPENING, FOREVER])):
            _, status, body, _ = await through(replay, limits)
            assert (status, code_of(body)) == (504, "upstream_timeout")
            await replay.closed.wait()


async def test_an_upstream_without_a_head_is_504(standin: StandIn) -> None:
    limits = Limits(first_token=2.5)
    proxied = Proxied(azure(standin.url), limits=limits)
    async with proxied.served() as client:
        ask = asking("slow_first ms=60000 tag=proxied-slow")
        response = await client.post(PATH, json=ask)
    assert response.status_code == 504
    assert code_of(response.content) == "upstream_timeout"
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
        proxied = Proxied(azure(url), limits=Limits(keep_alive=0.1))
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


async def test_an_answer_that_is_no_stream_ends_at_its_own_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relay, "SILENT_SECONDS", 0.2)
    replay = Replay(pieces=[FOREVER], headers=[("content-type", "application/json")])
    async with replay.served() as url:
        proxied = Proxied(azure(url))
        async with proxied.served() as client:
            response = await client.post(PATH, json=asking("x", stream=False))
    assert (response.status_code, code_of(response.content)) == (504, "deadline")
    assert (await proxied.run()).status == "deadline"


@pytest.mark.parametrize(
    ("scenario", "content"),
    [
        ("stall tokens=4 after=3", "tok0 tok1 tok2"),
        ("answer tokens=100000 delay_ms=1", "tok0"),
        ("silent", ""),
        ("slow_first ms=60000", ""),
    ],
)
async def test_a_caller_who_leaves_closes_the_upstream(
    standin: StandIn, scenario: str, content: str
) -> None:
    proxied = Proxied(azure(standin.url), limits=Limits(peek=0.05))
    delays: list[float] = []
    async with proxied.served() as client:
        while not prompt(delays):
            tag = f"proxied-left-{scenario.split()[0]}-{len(delays)}"
            ask = asking(f"{scenario} tag={tag}")
            posting = asyncio.create_task(leave_once_told(client, ask, content))
            if not content:
                await anyio.to_thread.run_sync(standin.wait, tag, "open")
                posting.cancel()
            await asyncio.wait([posting])
            left = monotonic()
            entry = await anyio.to_thread.run_sync(standin.wait_closed, tag)
            delays.append((entry["closed_at"] or math.inf) - left)
            run = await proxied.run()
            proxied.runs.clear()
            assert run.status == "cancelled"
            assert "".join(run.content).startswith(content)
            assert run.usage.estimated


async def leave_once_told(client: httpx.AsyncClient, ask: object, content: str) -> None:
    """Read until *content* has come, then go."""
    last = content.split()[-1].encode() if content else None
    async with client.stream("POST", PATH, json=ask) as response:
        async for piece in response.aiter_raw():
            if last and last in piece:
                return


async def test_a_caller_who_leaves_at_the_end_has_had_it_all() -> None:
    replay = Replay(pieces=[ANSWER, FINISH, USAGE, DONE, FOREVER])
    async with replay.served() as url:
        proxied = Proxied(azure(url))
        async with proxied.served() as client:
            async with client.stream("POST", PATH, json=asking("x")) as response:
                async for piece in response.aiter_raw():
                    if piece.endswith(DONE):
                        break
            run = await proxied.run()
            await replay.closed.wait()
    assert (run.status, run.usage) == ("ok", Usage(2, 1, 3))


async def test_a_reader_who_stops_reading_stops_the_upstream() -> None:
    replay = Replay(pieces=[ANSWER * 200] * 5000)
    async with replay.served() as url:
        proxied = Proxied(azure(url))
        async with proxied.served():
            port = int(proxied.url.rpartition(":")[2])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            body = json.dumps(asking("x")).encode()
            head = f"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            await reader.readline()
            before = -1
            while replay.written != before:  # The kernel's buffers fill first.
                before = replay.written
                await asyncio.sleep(0.2)
            assert 0 < before < len(ANSWER) * 200 * 5000 // 2
            writer.transport.abort()
            await asyncio.wait_for(replay.closed.wait(), 20)
    assert (await proxied.run()).status == "cancelled"


async def test_a_reader_who_is_gone_at_the_deadline_costs_no_more_than_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relay, "FAREWELL_SECONDS", 0.2)
    replay = Replay(pieces=[ANSWER * 200] * 5000)
    async with replay.served() as url:
        proxied = Proxied(azure(url), limits=Limits(deadline=2.5))
        async with proxied.served():
            port = int(proxied.url.rpartition(":")[2])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            body = json.dumps(asking("x")).encode()
            head = f"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            await reader.readline()
            await holds(lambda: bool(proxied.runs))
            await asyncio.wait_for(replay.closed.wait(), 20)
            writer.transport.abort()
    assert (await proxied.run()).status == "deadline"


async def test_what_arrived_together_is_written_together() -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return await asyncio.Future()

    async def send(message: Message) -> None:
        sent.append(message)

    replay = Replay(pieces=[ANSWER * 50, 0.2, ANSWER * 50, 0.2, FINISH + USAGE + DONE])
    async with replay.served() as url:
        proxied = Proxied(azure(url))
        body = json.dumps(asking("x")).encode()
        response = proxied.respond(body)
        await response({"type": "http"}, receive, send)
        await proxied.proxy.aclose()
    bodies = [message["body"] for message in sent if "body" in message]
    assert bodies == [ANSWER * 50, ANSWER * 50, FINISH + DONE]
    [run] = proxied.runs
    assert run.status == "ok"


async def test_the_connection_is_used_again(standin: StandIn) -> None:
    proxied = Proxied(azure(standin.url))
    async with proxied.served() as client:
        for _ in range(3):
            await client.post(PATH, json=asking("answer tokens=3"))
        upstream = proxied.proxy._upstream
        assert upstream is not None
        connector = upstream._session.connector
        assert connector is not None
        [(_, connections)] = connector._conns.items()
        assert len(connections) == 1


async def test_a_bug_here_is_500_and_not_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*args: object) -> None:
        raise ZeroDivisionError("the question")

    replay = Replay(pieces=[WHOLE])
    monkeypatch.setattr(relay.Relay, "_next", broken)
    proxied, response = await exchange(replay)
    assert response.status_code == 500
    assert code_of(response.content) == "internal_error"
    assert "ZeroDivisionError" in caplog.text
    assert "the question" not in caplog.text
    assert (await proxied.run()).status == "error"
