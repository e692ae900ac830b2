"""The field `stream_options`: where a proxied call asks for usage, and where not."""

import json

import pytest

from streaming.events import Usage
from tests.standin.process import StandIn
from tests.support.proxied_calls import ANSWER, DONE, FINISH, USAGE, WHOLE, exchange
from tests.support.proxy_server import PATH, ProxyServer, asking, azure
from tests.support.replayed_upstream import Replay


async def test_the_body_goes_up_as_it_is_but_for_the_field() -> None:
    body = (
        b'{"seed": 12345678901234567890.10, "a":1,"a":2, "stream":true, "x":"\\u00e9"}'
    )
    replay = Replay(pieces=[WHOLE])
    await exchange(replay, content=body, json=None)
    asked = b'{"stream_options":{"include_usage":true},' + body[1:]
    assert [request.body for request in replay.requests] == [asked]


@pytest.mark.parametrize(
    "body",
    [
        asking("x", stream_options={"include_usage": False}),
        asking("x", stream_options=None),
        asking("x", data_sources=[]),
        asking("x", stream=False),
        {},
        [1],
    ],
)
async def test_nothing_is_asked_for_where_it_must_not_be(body: object) -> None:
    replay = Replay(pieces=[WHOLE])
    content = json.dumps(body).encode()
    await exchange(replay, content=content, json=None)
    assert replay.requests[0].body == content


@pytest.mark.parametrize(
    ("version", "asked"),
    [
        ("2024-02-01", False),
        ("2024-08-01-preview", False),
        ("2024-09-01-preview", True),
        ("2024-10-21", True),
        ("2027-01-01", True),
    ],
)
async def test_usage_is_asked_for_where_the_version_has_it(
    version: str, asked: bool
) -> None:
    replay = Replay(pieces=[ANSWER, FINISH, USAGE, DONE])
    url = f"{PATH}?api-version={version}&code=secret&other=1"
    async with replay.served() as upstream:
        proxied = ProxyServer(azure(upstream))
        async with proxied.served() as client:
            response = await client.post(url, json=asking("x"))
    [request] = replay.requests
    assert request.target == f"{PATH}?api-version={version}"
    assert (b"stream_options" in request.body) is asked
    assert response.content == ANSWER + FINISH + (b"" if asked else USAGE) + DONE
    assert (await proxied.run()).usage == Usage(2, 1, 3)


async def test_a_refused_field_is_left_out_from_then_on(standin: StandIn) -> None:
    proxied = ProxyServer(azure(standin.url))
    ask = asking("no_stream_options tag=proxied-refused tokens=2")
    async with proxied.served() as client:
        for _ in range(2):
            response = await client.post(PATH, json=ask)
            assert response.status_code == 200
            assert response.text.endswith("data: [DONE]\n\n")
    sent = [entry["body"] for entry in standin.requests("proxied-refused")]
    asked = {"stream_options": {"include_usage": True}}
    assert sent == [{**asked, **ask}, ask, ask]
    assert [run.usage.estimated for run in proxied.runs] == [True, True]


async def test_a_refusal_that_asking_did_not_cause_is_not_remembered() -> None:
    refusal = b'{"error":{"message":"\'stream_options\' is no role"}}' + b" " * 70_000
    replay = Replay(pieces=[refusal], status=400)
    async with replay.served() as url:
        proxied = ProxyServer(azure(url))
        async with proxied.served() as client:
            for _ in range(2):
                body = {"stream": True, "messages": []}
                assert (await client.post(PATH, json=body)).content == refusal
    asked = ["stream_options" in request.body.decode() for request in replay.requests]
    assert asked == [True, False, True, False]
