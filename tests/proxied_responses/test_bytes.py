"""A response comes back as it came, and is read on the way."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy import estimate
from streaming.events import Usage
from tests.azure_openai.completion_streams import splits
from tests.proxied_responses.response_streams import (
    PATH,
    asking,
    events,
    proxying,
    recorded,
)
from tests.standin.process import StandIn
from tests.support.proxied_calls import read
from tests.support.replayed_upstream import Replay

KINDS = ("answer tokens=5", "tools calls=2", "reasoning", "refusal", "length")
JSON = [("content-type", "application/json")]


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_streams_come_out_as_they_came(data: st.DataObject) -> None:
    stream = recorded(data.draw(st.sampled_from(KINDS)))
    if data.draw(st.booleans()):
        stream = stream.replace(b"\n", b"\r\n")
    pieces = [piece for piece in data.draw(splits(stream)) if piece]

    async def through() -> None:
        replay = Replay(pieces=pieces)
        async with replay.served() as url:
            proxied = proxying(url)
            async with proxied.served() as client:
                response = await client.post(PATH, json=asking("x"))
            run = await proxied.run()
        assert response.content == stream
        assert run.status == "ok"
        assert not run.usage.estimated
        assert (run.usage.input_tokens, run.usage.cached_tokens) == (7, 3)

    asyncio.run(through())


async def test_only_the_model_is_changed_on_the_way_there() -> None:
    replay = Replay(pieces=[recorded("answer")])
    async with replay.served() as url:
        proxied = proxying(url)
        async with proxied.served() as client:
            sent = (
                b' {"input":[{"n":1.50e3}],\n"model" : "x","stream":true,"unknown":1}'
            )
            await client.post(f"{PATH}?api-version=preview", content=sent)
    [request] = replay.requests
    assert request.target == "/openai/v1/responses"
    assert request.body == sent.replace(b'"x"', b'"gpt-4o"')


@pytest.mark.parametrize(
    ("scenario", "reason", "text"),
    [
        ("answer tokens=3", "stop", "tok0 tok1 tok2"),
        ("length tokens=2", "length", "tok0 tok1"),
        ("filtered tokens=2", "content_filter", "tok0 tok1"),
        ("tools", "stop", ""),
        ("refusal", "stop", ""),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
async def test_what_the_answer_says_of_itself_is_recorded(
    standin: StandIn, scenario: str, reason: str, text: str, stream: bool
) -> None:
    proxied = proxying(standin.url)
    async with proxied.served() as client:
        body = asking(f"{scenario} cached=1", stream=stream, user="u-1")
        answer = await client.post(PATH, json=body)
    last = events(answer.content)[-1]["response"] if stream else answer.json()
    run = await proxied.run()
    assert run.finish_reason == reason
    assert run.streamed == stream
    assert "".join(run.content) == text
    assert run.usage == Usage(
        input_tokens=last["usage"]["input_tokens"],
        output_tokens=last["usage"]["output_tokens"],
        total_tokens=last["usage"]["total_tokens"],
        cached_tokens=1,
    )
    call = run.last_call
    assert call is not None
    assert (call.model, call.deployment) == ("gpt-4o-2024-11-20", "gpt-4o")
    assert run.end_user == "u-1"


async def test_thoughts_are_counted_and_no_text_of_the_answer(standin: StandIn) -> None:
    proxied = proxying(standin.url)
    async with proxied.served() as client:
        await client.post(PATH, json=asking("reasoning tokens=2"))
    run = await proxied.run()
    assert "".join(run.content) == "tok0 tok1"
    assert run.usage.reasoning_tokens == 7


def in_one_piece(text: str) -> bytes:
    """A response of which its provider sends no deltas."""
    part = {"type": "output_text", "text": text, "annotations": []}
    item = {"type": "message", "id": "msg_1", "role": "assistant", "content": [part]}
    usage = {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}
    response = {"id": "resp_1", "status": "in_progress", "model": "m", "output": []}
    ended = {**response, "status": "completed", "output": [item], "usage": usage}
    sent: list[dict[str, Any]] = [
        {"type": "response.created", "response": response},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": ended},
    ]
    return b"".join(
        b"event: %b\ndata: %b\n\n" % (each["type"].encode(), json.dumps(each).encode())
        for each in sent
    )


@pytest.mark.parametrize("size", [5, 300_000])
@pytest.mark.parametrize("pieces", [1, 40])
async def test_an_item_that_comes_whole_is_read_and_its_usage_however_long(
    size: int, pieces: int
) -> None:
    stream = in_one_piece("x" * size)
    step = -(-len(stream) // pieces)
    cut = [stream[at : at + step] for at in range(0, len(stream), step)]
    replay = Replay(pieces=cut)
    async with replay.served() as url:
        proxied = proxying(url)
        async with proxied.served() as client:
            answer = await client.post(PATH, json=asking("x"))
        run = await proxied.run()
    assert answer.content == stream
    assert (run.status, run.usage) == ("ok", Usage(3, 4, 7))
    assert run.unread == (size > 64 * 1024)
    assert "".join(run.content) == ("" if run.unread else "x" * size)


async def test_a_long_answer_that_does_not_stream_says_how_it_ended() -> None:
    part = {"type": "output_text", "text": "x" * 2_000_000}
    body: dict[str, Any] = {
        "id": "resp_1",
        "object": "response",
        "status": "incomplete",
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"},
        "output": [{"type": "message", "id": "msg_1", "content": [part]}],
        "usage": {
            "input_tokens": 3,
            "input_tokens_details": {"cached_tokens": 2},
            "output_tokens": 4,
            "output_tokens_details": {"reasoning_tokens": 1},
            "total_tokens": 7,
        },
    }
    replay = Replay(pieces=[json.dumps(body).encode()], headers=JSON)
    async with replay.served() as url:
        proxied = proxying(url)
        async with proxied.served() as client:
            answer = await client.post(PATH, json=asking("x", stream=False))
        run = await proxied.run()
    assert answer.json() == body
    assert (run.status, run.finish_reason) == ("ok", "length")
    assert run.usage == Usage(3, 4, 7, cached_tokens=2, reasoning_tokens=1)


async def test_a_stream_without_its_last_event_was_cut() -> None:
    stream = recorded("answer tokens=3")
    replay = Replay(pieces=[stream[: stream.rindex(b"event: response.completed")]])
    async with replay.served() as url:
        proxied = proxying(url)
        async with proxied.served() as client:
            await client.post(PATH, json=asking("x"))
        run = await proxied.run()
    assert run.error is not None
    assert (run.status, run.error.code) == ("error", "upstream_incomplete")
    assert run.usage.estimated
    assert run.usage.output_tokens > 0


def test_what_is_asked_is_estimated_text_by_text() -> None:
    part = {"type": "input_text", "text": "x" * 40}
    image = {"type": "input_image", "image_url": "data:image/png;base64," + "A" * 4000}
    asked = {
        "instructions": "x" * 40,
        "input": [
            {"role": "user", "content": [part, image]},
            {"type": "function_call", "name": "f", "arguments": "x" * 40},
            {"type": "function_call_output", "output": [part]},
        ],
    }
    usage = estimate.estimate(json.dumps(asked).encode(), ["x" * 40])
    assert (usage.input_tokens, usage.output_tokens) == (4 * (10 + 4), 10)
    alone = estimate.estimate(b'{"input":"%b"}' % (b"x" * 40), [])
    assert alone.input_tokens == 10


async def test_an_error_of_this_servers_is_an_event_of_the_api() -> None:
    stream = recorded("answer tokens=3")
    half = stream[: stream.rindex(b"event: response.output_text.delta")]
    replay = Replay(pieces=[half], whole=False)
    async with replay.served() as url:
        proxied = proxying(url)
        async with (
            proxied.served() as client,
            client.stream("POST", PATH, json=asking("x")) as answer,
        ):
            body, whole = await read(answer)
        run = await proxied.run()
    *before, error = events(body)
    assert not whole
    assert error == {
        "type": "error",
        "sequence_number": before[-1]["sequence_number"] + 1,
        "code": "upstream_error",
        "message": "The connection to the model was lost.",
        "param": None,
        "error": {
            "message": "The connection to the model was lost.",
            "type": "server_error",
            "param": None,
            "code": "upstream_error",
        },
    }
    assert run.status == "error"
