"""Proxied calls over real sockets: what arrives is passed on, and what is lost."""

import asyncio
import json

import aiohttp
import pytest
from starlette.types import Message

from azure_openai.connection import connections
from proxy import body as proxied_body
from streaming.events import Usage
from tests.standin.process import StandIn
from tests.support.proxied_calls import (
    ANSWER,
    DONE,
    FINISH,
    OPENING,
    USAGE,
    WHOLE,
    code_of,
    error_frame,
    exchange,
    read,
    through,
)
from tests.support.proxy_server import PATH, ProxyServer, asking, azure
from tests.support.replayed_upstream import Replay


async def test_a_refused_connection_is_502() -> None:
    async with Replay().served() as url:
        pass  # Nobody listens there any more.
    proxied = ProxyServer(azure(url))
    async with proxied.served() as client:
        response = await client.post(PATH, json=asking("x"))
    assert response.status_code == 502
    assert code_of(response.content) == "upstream_unreachable"
    assert (await proxied.run()).usage == Usage()


async def test_who_cannot_be_reached_in_time_has_been_asked_nothing(
    standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def post(*args: object, **more: object) -> None:
        raise aiohttp.ConnectionTimeoutError

    monkeypatch.setattr(aiohttp.ClientSession, "request", post)
    proxied = ProxyServer(azure(standin.url))
    async with proxied.served() as client:
        response = await client.post(PATH, json=asking("x"))
    assert response.status_code == 504
    assert code_of(response.content) == "upstream_unreachable"
    assert (await proxied.run()).usage == Usage()


async def test_what_says_itself_that_it_timed_out_has_refused() -> None:
    replay = Replay(status=504, pieces=[b'{"error":{"code":"504","message":"late"}}'])
    proxied, status, _, _ = await through(replay)
    assert status == 504
    assert (await proxied.run()).usage == Usage()


@pytest.mark.parametrize("scenario", ["drop_before", "drop_before fin=1"])
async def test_a_connection_lost_before_the_answer_is_502(
    standin: StandIn, scenario: str
) -> None:
    proxied = ProxyServer(azure(standin.url))
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
    proxied = ProxyServer(azure(standin.url))
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
    assert (status, body, whole) == (200, WHOLE, True)
    assert (await proxied.run()).status == "ok"


async def test_what_arrived_together_is_written_together() -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return await asyncio.Future()

    async def send(message: Message) -> None:
        sent.append(message)

    replay = Replay(pieces=[ANSWER * 50, 0.2, ANSWER * 50, 0.2, FINISH + USAGE + DONE])
    async with replay.served() as url:
        proxied = ProxyServer(azure(url))
        body = json.dumps(asking("x")).encode()
        response = proxied.respond(body)
        await response({"type": "http"}, receive, send)
        await proxied.proxy.aclose()
    bodies = [message["body"] for message in sent if "body" in message]
    assert bodies == [ANSWER * 50, ANSWER * 50, FINISH + DONE]
    [run] = proxied.runs
    assert run.status == "ok"


async def test_the_connection_is_used_again(standin: StandIn) -> None:
    proxied = ProxyServer(azure(standin.url))
    async with proxied.served() as client:
        for _ in range(3):
            await client.post(PATH, json=asking("answer tokens=3"))
        connector = connections(proxied.settings)._session.connector
        assert connector is not None
        [(_, idle)] = connector._conns.items()
        assert len(idle) == 1


async def test_a_bug_here_is_500_and_not_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*args: object) -> None:
        raise ZeroDivisionError("the question")

    replay = Replay(pieces=[WHOLE])
    monkeypatch.setattr(proxied_body, "_read", broken)
    proxied, response = await exchange(replay)
    assert response.status_code == 500
    assert code_of(response.content) == "internal_error"
    assert "ZeroDivisionError" in caplog.text
    assert "the question" not in caplog.text
    assert (await proxied.run()).status == "error"
