"""An answer of nothing: success without a word, nor a reason why it ends."""

import asyncio
import json
import socket

import pytest

from server.limits import Limits
from tests.standin.answers import SENTENCE
from tests.standin.faults import NOTHING
from tests.standin.process import StandIn
from tests.support.backend_pool import (
    CHAIN,
    OPENAI,
    PROXY,
    WAYS,
    WHOLE,
    PooledApp,
    asked,
    asking,
    backend,
    text_of,
    two,
)
from tests.support.proxied_calls import DONE, OPENING, USAGE, read
from tests.support.replayed_upstream import Pieces, Replay

BODY = b'{"choices":[{"index":0,"message":{"content":null}}]}'
JSON = [("content-type", "application/json")]
MESSAGE = "The model's answer ended before it began."
ERROR = {
    "message": MESSAGE,
    "type": "server_error",
    "param": None,
    "code": "upstream_incomplete",
}


@pytest.mark.parametrize(("path", "stream"), WAYS)
@pytest.mark.parametrize("which", range(len(NOTHING)))
async def test_is_none_and_the_next_backend_is_asked(
    standin: StandIn, which: int, path: str, stream: bool
) -> None:
    tag = f"nothing-{which}-{path.replace('/', '')}-{stream}"
    pooled = PooledApp(two(standin))
    async with pooled.served() as client:
        scenario = f"nothing which={which} only=ptu tag={tag}"
        body = asking(path, scenario, stream=stream)
        response = await client.post(path, json=body)
        run = await pooled.run()
    assert text_of(path, response, stream=stream) == SENTENCE
    assert await asyncio.to_thread(asked, standin, tag) == ["ptu", "payg"]
    assert (run.status, run.deployment) == ("ok", "payg")


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("which", range(len(NOTHING)))
async def test_of_all_of_them_a_proxied_call_is_502(
    standin: StandIn, which: int, stream: bool
) -> None:
    pooled = PooledApp(two(standin))
    async with pooled.served() as client:
        body = asking(PROXY, f"nothing which={which}", stream=stream)
        response = await client.post(PROXY, json=body)
        run = await pooled.run()
    assert (response.status_code, response.json()) == (502, {"error": ERROR})
    assert "x-should-retry" not in response.headers
    assert (run.status, run.deployment, run.usage.estimated) == ("error", "payg", True)
    assert run.error is not None
    assert run.error.code == "upstream_incomplete"


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("path", [CHAIN, OPENAI, WHOLE])
async def test_of_all_of_them_a_chain_is_502(
    standin: StandIn, path: str, count: int
) -> None:
    for which in (0, 1, 3, 6):
        pooled = PooledApp(two(standin)[:count])
        async with pooled.served() as client:
            body = asking(path, f"nothing which={which}")
            response = await client.post(path, json=body)
            run = await pooled.run()
        assert response.status_code == 502
        assert response.json()["error"]["code"] == "upstream_incomplete"
        assert run.status == "error"


@pytest.mark.parametrize(
    ("replay", "stream"),
    [
        (Replay(pieces=[OPENING, USAGE, DONE]), True),
        (Replay(pieces=[DONE]), True),
        (Replay(pieces=[b"{}"], headers=JSON), False),
        (Replay(pieces=[BODY], headers=JSON), False),
    ],
)
async def test_of_the_only_one_it_is_passed_on_but_not_recorded_as_an_answer(
    standin: StandIn, replay: Replay, stream: bool
) -> None:
    async with replay.served() as url:
        pooled = PooledApp([backend(standin, "ptu", endpoint=url)])
        async with pooled.served() as client:
            body = asking(PROXY, "x", stream=stream)
            response = await client.post(PROXY, json={**body, "stream_options": {}})
            run = await pooled.run()
    sent = b"".join(piece for piece in replay.pieces if isinstance(piece, bytes))
    assert (response.status_code, response.content) == (200, sent)
    assert run.status == "error"
    assert run.error is not None
    assert run.error.code == "upstream_incomplete"


SAYS_WHY = b'{"choices":[{"index":0,"message":{"content":""},"finish_reason":"stop"}]}'
EMBEDDED = b'{"data":[{"embedding":[0.5]}],"usage":{"prompt_tokens":8}}'
LATE = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"length"}]}\n\n'


@pytest.mark.parametrize(
    ("pieces", "stream"),
    [([SAYS_WHY], False), ([EMBEDDED], False), ([OPENING, LATE, DONE], True)],
)
async def test_is_not_what_says_why_it_ends_nor_an_embedding(
    standin: StandIn, pieces: Pieces, stream: bool
) -> None:
    replay = Replay(pieces=pieces) if stream else Replay(pieces=pieces, headers=JSON)
    async with replay.served() as url:
        first = backend(standin, "ptu", endpoint=url)
        pooled = PooledApp([first, backend(standin, "payg", priority=2)])
        async with pooled.served() as client:
            body = asking(PROXY, "answer", stream=stream)
            response = await client.post(PROXY, json={**body, "stream_options": {}})
            run = await pooled.run()
    assert response.content == b"".join(each for each in pieces if type(each) is bytes)
    assert (run.status, run.deployment) == ("ok", "ptu")


async def test_after_keep_alives_is_an_error_in_the_stream(standin: StandIn) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()  # It connects, and never answers.
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        backends = [
            backend(standin, "ptu", endpoint=url),
            backend(standin, "payg", priority=2),
        ]
        limits = Limits(peek=0.05, keep_alive=0.1)
        pooled = PooledApp(backends, limits, {"backend_timeout_seconds": 2.5})
        async with pooled.served() as client:
            asked_for = asking(PROXY, "nothing which=0")
            async with client.stream("POST", PROXY, json=asked_for) as response:
                body, whole = await read(response)
    assert (response.status_code, whole) == (200, False)
    *silence, last = body.split(b"\n\n")[:-1]
    assert {*silence} == {b": keep-alive"}
    assert json.loads(last.removeprefix(b"data: ")) == {"error": ERROR}
