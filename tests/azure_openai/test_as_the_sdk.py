"""Streamed completions, which do without the SDK, are no others than the SDK's."""

import asyncio
import json
import zlib
from typing import Any

import openai
import pytest

from streaming.upstream_errors import UpstreamIncomplete
from tests.azure_openai import streamed
from tests.azure_openai.streamed import Outcome, configured, ours, outcome, theirs
from tests.standin.process import StandIn
from tests.standin.scenarios import SCENARIOS
from tests.support.proxied_calls import ANSWER, DONE, WHOLE
from tests.support.replayed_upstream import STREAM, Received, Replay

SLOW = {"stall": "stall", "slow_first": "slow_first ms=60000", "silent": "silent"}
"""They come to nothing before the caller's own time-out."""

OTHERWISE = {
    *("chaos", "malformed", "no_stream_options", "refusing", "forbidding"),
    # An answer of nothing and one that asks too much of tools are errors; a count that
    # is none is left out, and the SDK fails over a body that is not as its head says.
    *("nothing", "many_calls", "too_long_call", "odd_usage", "odd_headers"),
    *("running_usage", "calls_ids_for_pieces"),  # Usage comes once, and an id, too.
}
"""What is no scenario, and what is documented to differ; see below."""

VARIANTS = [
    "rate_limited retry_after=3",
    "rate_limited retry_after_ms=2500",
    *[f"server_error status={status}" for status in (404, 408, 409, 418, 422, 503)],
    *[f"{name} tokens=0" for name in ("cut", "error_event", "drop")],
    *[f"{name} fin=1" for name in ("drop", "drop_before", "drop_headers")],
    "answer tokens=200",
    "tools calls=2",
]


async def both(standin: StandIn, scenario: str, **more: Any) -> tuple[Outcome, Outcome]:
    """What comes of *scenario*: with this project's completions, and the SDK's."""
    payload = {
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": f"standin:{scenario}"}],
        "stream_options": {"include_usage": True},
        **more,
    }
    settings = configured(standin.url, standin.key, azure=more.pop("azure", True))
    payload.pop("azure", None)
    async with ours(settings) as mine, theirs(settings) as plain:
        return await asyncio.gather(outcome(mine, **payload), outcome(plain, **payload))


@pytest.mark.parametrize("azure", [True, False])
@pytest.mark.parametrize(
    "scenario", [*sorted(SCENARIOS.keys() - OTHERWISE - SLOW.keys()), *VARIANTS]
)
async def test_each_scenario_yields_and_raises_what_the_sdk_does(
    standin: StandIn, scenario: str, azure: bool
) -> None:
    actual, expected = await both(standin, scenario, azure=azure)
    assert actual == expected
    assert expected != ([], None)


@pytest.mark.parametrize("scenario", SLOW.values())
async def test_a_silence_ends_with_the_callers_own_time_out(
    standin: StandIn, scenario: str
) -> None:
    actual, expected = await both(standin, scenario, timeout=4.5)
    assert actual == expected
    assert expected[1] is not None
    assert expected[1]["class"] is openai.APITimeoutError


async def test_what_is_no_json_is_an_error_of_the_api(standin: StandIn) -> None:
    (chunks, error), (expected, plain) = await both(standin, "malformed tokens=2")
    assert chunks == expected
    assert error is not None
    assert plain is not None
    assert (error["class"], plain["class"]) == (openai.APIError, json.JSONDecodeError)


@pytest.mark.parametrize(
    "scenario",
    ["no_stream_options", "refusing fields=max_tokens", "forbidding fields=max_tokens"],
)
async def test_a_field_that_is_refused_is_sent_otherwise(
    standin: StandIn, scenario: str
) -> None:
    (chunks, error), (none, refused) = await both(standin, scenario, max_tokens=7)
    assert (error, none) == (None, [])
    assert refused is not None
    assert refused["status_code"] in (400, 422)
    assert chunks[-1]["choices"] == [] or chunks[-1]["choices"][0]["finish_reason"]


@pytest.mark.parametrize("pieces", [[], [DONE], [b": comment\n\n", DONE]])
async def test_an_answer_of_nothing_is_none(pieces: list[bytes]) -> None:
    async with Replay(pieces=pieces).served() as url:
        settings = configured(url, "key", azure=True)
        async with ours(settings) as mine, theirs(settings) as plain:
            actual, expected = [
                await outcome(each, messages=[], model="m") for each in (mine, plain)
            ]
    assert expected == ([], None)
    assert actual[1] is not None
    assert (actual[0], actual[1]["class"]) == ([], UpstreamIncomplete)


async def test_a_connection_that_nobody_takes_is_the_sdks_error() -> None:
    async with Replay().served() as url:
        pass  # Nobody listens there any more.
    settings = configured(url, "key", azure=True)
    async with ours(settings) as mine, theirs(settings) as plain:
        payload = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
        actual = await outcome(mine, **payload)
        assert actual == await outcome(plain, **payload)
    assert actual[1] is not None
    assert actual[1]["class"] is openai.APIConnectionError


@pytest.mark.parametrize("azure", [True, False])
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"temperature": 0.5, "seed": 10**30, "logit_bias": {50256: -100}},
        {
            "extra_headers": {
                "X-Own": "1",
                "User-Agent": "me",
                "X-Stainless-OS": openai.omit,
            }
        },
        {"extra_query": {"trace": "a b&c", "each": ["1", "2"], "deep": {"a": True}}},
        {"extra_body": {"top_k": 3, "model": "another"}},
        {"timeout": 7},
        {"timeout": openai.Timeout(7.5, connect=2)},
        {"timeout": None},
        {"tools": openai.omit, "top_p": 0.1},
    ],
)
async def test_what_is_sent_is_what_the_sdk_sends(
    more: dict[str, Any], azure: bool
) -> None:
    payload = {"messages": [{"role": "user", "content": "Grüße 😀"}], "model": "m"}
    replay = Replay(pieces=[WHOLE])
    async with replay.served() as url:
        settings = configured(url, "the-key", azure=azure)
        async with ours(settings) as mine, theirs(settings) as plain:
            await outcome(mine, **payload, **more)
            await outcome(plain, **payload, **more)
    actual, expected = map(sent, replay.requests)
    assert actual == expected


def sent(request: Received) -> dict[str, Any]:
    """All of *request* but how the connection is used, and what may be compressed."""
    headers = {
        name: value
        for name, value in request.headers
        if name not in ("accept-encoding", "connection", "content-length")
    }
    return {
        "target": request.target,
        "headers": headers,
        "body": json.loads(request.body),
    }


async def test_what_the_sdk_does_not_know_it_says_itself() -> None:
    settings = configured("http://127.0.0.1:1", "key", azure=True)
    async with ours(settings) as mine, theirs(settings) as plain:
        actual, expected = [
            await outcome(each, messages=[], model="m", tempersture=1)
            for each in (mine, plain)
        ]
    assert actual == expected
    assert actual[1] is not None
    assert actual[1]["class"] is TypeError


async def test_what_is_compressed_though_nobody_asked_is_read() -> None:
    packed = zlib.compressobj(wbits=31)
    pieces = [packed.compress(WHOLE) + packed.flush(zlib.Z_SYNC_FLUSH), packed.flush()]
    headers = [*STREAM.items(), ("content-encoding", "gzip")]
    async with (
        Replay(pieces=pieces, headers=headers).served() as url,
        ours(configured(url, "key", azure=True)) as mine,
    ):
        chunks, error = await outcome(mine, messages=[], model="m")
    said = json.loads(ANSWER.removeprefix(b"data: "))["choices"]
    assert (chunks[0]["choices"], len(chunks), error) == (said, 2, None)


async def test_an_error_holds_no_credential(standin: StandIn) -> None:
    settings = configured(standin.url, standin.key, azure=True)
    async with ours(settings) as mine:
        ask = [{"role": "user", "content": "standin:rate_limited"}]
        with pytest.raises(openai.RateLimitError) as caught:
            await mine.create(stream=True, messages=ask, model="m")
    assert streamed.VERSION in str(caught.value.request.url)
    assert standin.key not in str(caught.value.request.headers.multi_items())
