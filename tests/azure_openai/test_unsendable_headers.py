"""Headers of an upstream that cannot be sent on, or that frame its body."""

import gzip
import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from proxy import headers
from tests.standin.process import StandIn
from tests.support.backend_pool import PROXY, WAYS, PooledApp, asking, backend, text_of
from tests.support.backend_pool import WHOLE as WHOLE_CHAIN
from tests.support.proxied_calls import WHOLE, exchange
from tests.support.proxy_server import asking as proxied_asking
from tests.support.replayed_upstream import Replay

JSON_WHOLE = (
    b'{"choices":[{"index":0,"finish_reason":"stop",'
    b'"message":{"role":"assistant","content":"Hi"}}]}'
)
NAMES = ("x-ms-region", "x-request-id", "openai-version", "x-ratelimit-limit-tokens")
ODD = {
    "control": "a\x01b",
    "escape": "\x1b[31mred",
    "vertical tab": "a\x0bb",
    "delete": "a\x7fb",
    "obs-text": "Zürich",
    "other script": "東京",
}


@pytest.mark.parametrize(("path", "stream"), WAYS)
@pytest.mark.parametrize("value", [ODD["control"], ODD["delete"], ODD["obs-text"]])
async def test_a_header_that_cannot_be_sent_costs_nobody_the_answer(
    standin: StandIn, path: str, stream: bool, value: str
) -> None:
    # The chain that does not stream is the only one that asks for a whole answer.
    streams = stream if path == PROXY else path != WHOLE_CHAIN
    kind = "text/event-stream" if streams else "application/json"
    given = [("content-type", kind), *((name, value) for name in NAMES)]
    replay = Replay(pieces=[WHOLE if streams else JSON_WHOLE], headers=given)
    async with replay.served() as url:
        behind = backend(standin, "ptu", endpoint=url)
        pooled = PooledApp([behind])
        async with pooled.served() as client:
            body = asking(path, "x", stream=stream)
            response = await client.post(path, json=body)
            run = await pooled.run()
    assert text_of(path, response, stream=stream) == "Hi"
    assert run.status == "ok"
    assert response.headers["x-ms-region"] == behind.region
    assert not {*NAMES[2:], "x-upstream-request-id"} & {*response.headers}


async def test_a_stream_whose_type_cannot_be_sent_is_a_stream_all_the_same() -> None:
    kind = "text/event-stream; charset=utf-8; x=\x01"
    replay = Replay(pieces=[WHOLE], headers=[("content-type", kind)])
    _, response = await exchange(replay)
    assert (response.status_code, response.content) == (200, WHOLE)
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"


@pytest.mark.parametrize("status", [200, 400, 429, 500])
@pytest.mark.parametrize("kind", [*ODD.values(), "", "a/b; \x7f", "é/\x01"])
async def test_a_body_whose_type_cannot_be_sent_is_passed_on(
    status: int, kind: str
) -> None:
    given = [("content-type", kind)]
    replay = Replay(pieces=[JSON_WHOLE], headers=given, status=status)
    ask = proxied_asking("x", stream=False)
    _, response = await exchange(replay, json=ask)
    assert (response.status_code, response.content) == (status, JSON_WHOLE)
    assert response.headers.get("content-type", "") == ""


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("encoding", "data"),
    [("gzip", gzip.compress(JSON_WHOLE)), ("deflate", zlib.compress(JSON_WHOLE))],
)
async def test_a_compressed_body_comes_with_its_encoding(
    encoding: str, data: bytes, stream: bool
) -> None:
    given = [("content-type", "application/json"), ("content-encoding", encoding)]
    replay = Replay(pieces=[data], headers=given)
    _, response = await exchange(replay, json=proxied_asking("x", stream=stream))
    assert response.headers["content-encoding"] == encoding
    assert response.content == JSON_WHOLE


@pytest.mark.parametrize(("status", "length"), [(200, [b"5"]), (204, [])])
def test_a_length_comes_back_unless_there_is_no_body(
    status: int, length: list[bytes]
) -> None:
    given = [(b"Content-Length", b"5")]
    made = headers.returned(given, "id", status=status, streams=False, answered_by={})
    assert [value for name, value in made if name == b"content-length"] == length


NAME = st.sampled_from(
    [*NAMES, "content-type", "content-encoding", "connection", "x-accel-redirect"]
) | st.text(max_size=12)
PASSES = (
    *("content-type", "content-encoding", "content-length", "apim-request-id"),
    *("x-ms-region", "retry-after", "x-ratelimit-", "openai-", "azureml-model-"),
    *("x-upstream-request-id", "x-request-id", "x-content-type-options"),
    *("cache-control", "content-security-policy", "x-accel-buffering"),
)


@given(st.lists(st.tuples(NAME, st.binary(max_size=12))), st.booleans())
@example([("openai-organization", b"whose")], True)
@example([("x-request-id\n", b"1"), ("retry-after\r\nset-cookie", b"a=b")], False)
@example([("connection", b"x-ms-region"), ("X-MS-Region", b"here")], False)
def test_of_any_headers_only_those_that_are_listed_come_back(
    given: list[tuple[str, bytes]], streams: bool
) -> None:
    raw = [(name.encode("utf-8", "replace"), value) for name, value in given]
    made = headers.returned(raw, "id", status=200, streams=streams, answered_by={})
    for name, value in made:
        assert name.startswith(tuple(each.encode() for each in PASSES))
        assert name not in (b"openai-organization", b"openai-project")
        assert all(0x20 <= byte < 0x7F or byte == 0x09 for byte in value)
    assert [value for name, value in made if name == b"x-request-id"] == [b"id"]


@given(st.dictionaries(st.text(max_size=12), st.text(max_size=12)))
@example({"Authorization": "x", "x-auth-token": "x", "OpenAI-Organization": "x"})
@example({"x-request-id": "a\r\napi-key: b", "accept": "\ud800", "user-agent": "é"})
def test_of_any_headers_only_those_that_are_listed_go_up(given: dict[str, str]) -> None:
    for name, value in headers.forwarded(given):
        assert name in ("accept", "accept-encoding", "content-type", "user-agent")
        assert value.isascii()
