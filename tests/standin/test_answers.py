"""The answers that arrive whole, byte by byte."""

import json

import httpx
import pytest

from tests.standin.caller import CLASSIC, V1, Json, asking, events, pieces, post
from tests.standin.process import StandIn


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("length", "length"),
        ("filtered", "content_filter"),
        ("unknown_finish", "galactic"),
        ("tools", "tool_calls"),
        ("refusal", "stop"),
        ("reasoning", "stop"),
    ],
)
def test_each_finish_reason(standin: StandIn, name: str, reason: str) -> None:
    assert f'"finish_reason":"{reason}"' in post(standin, f"standin:{name}").text


def test_tools_are_asked_for_once(standin: StandIn) -> None:
    ask = {"role": "user", "content": "standin:tools text=Sunny."}
    call: Json = {"role": "assistant", "content": None, "tool_calls": []}
    result = {"role": "tool", "tool_call_id": "call_standin0", "content": "22"}
    response = httpx.post(
        standin.url + V1,
        json=asking("", messages=[ask, call, result]),
        headers={"api-key": standin.key},
    )
    assert pieces(response) == ["Sunny."]


def test_an_asynchronous_verdict_comes_after_the_finish(standin: StandIn) -> None:
    chunks = events(post(standin, "standin:async_filter tokens=4"))
    finish = next(i for i, chunk in enumerate(chunks) if '"stop"' in chunk)
    choice = json.loads(chunks[finish + 1])["choices"][0]
    assert "delta" not in choice
    assert choice["finish_reason"] is None
    assert choice["content_filter_offsets"]["check_offset"] > 44


def test_an_asynchronous_block_names_its_characters(standin: StandIn) -> None:
    response = post(standin, "standin:async_block tokens=3 start=1 end=9")
    chunk = json.loads(events(response)[-2])
    choice = chunk["choices"][0]
    assert chunk["id"] == ""
    assert "delta" not in choice
    assert choice["finish_reason"] == "content_filter"
    assert choice["content_filter_offsets"] == {
        "check_offset": 1,
        "start_offset": 1,
        "end_offset": 9,
    }


def test_a_block_may_follow_the_finish(standin: StandIn) -> None:
    text = post(standin, "standin:block_after_stop").text
    assert 0 < text.index('"stop"') < text.index('"finish_reason":"content_filter"')


def test_one_chunk_may_be_big(standin: StandIn) -> None:
    assert [len(p) for p in pieces(post(standin, "standin:big"))] == [1_048_576]


def test_lines_may_end_in_crlf(standin: StandIn) -> None:
    body = post(standin, "standin:crlf tokens=2").content
    assert body.count(b"\r\n") == body.count(b"\n")
    assert body.endswith(b"data: [DONE]\r\n\r\n")


def test_echo_tells_what_reached_the_model(standin: StandIn) -> None:
    messages = [
        {"role": "system", "content": "Be brief.", "name": "rules"},
        {"role": "user", "content": [{"type": "text", "text": "standin:echo"}]},
    ]
    response = httpx.post(
        standin.url + V1,
        json=asking("", messages=messages),
        headers={"api-key": standin.key},
    )
    assert json.loads("".join(pieces(response))) == messages


def test_characters_are_split_between_writes(standin: StandIn) -> None:
    text = "é 漢字 😀 line\u2028paragraph\u2029next\u0085end"
    with httpx.stream(
        "POST",
        standin.url + CLASSIC,
        json=asking("standin:utf8_split"),
        headers={"api-key": standin.key},
    ) as response:
        arrived = list(response.iter_raw())
        assert any(piece[-1] >= 0xC0 for piece in arrived)
    said = httpx.Response(200, content=b"".join(arrived))
    assert "".join(pieces(said)) == text
