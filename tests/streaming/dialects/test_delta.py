"""`delta`, byte by byte."""

import json
from typing import Any

import pytest

from streaming import dialects
from streaming.errors import InvalidRequest
from streaming.events import Event, FinishReason
from tests.streaming.dialects.dialect_output import (
    BROKE_OFF,
    CALL,
    FILE,
    PAGE,
    REASONING,
    REDACT,
    RESULT,
    ended,
    said,
    written,
)
from tests.support.app_process import AppProcess, read_events

COMPLETED = b'event: done\ndata: {"status":"completed"}\n\n'
FAILED = b'event: done\ndata: {"status":"failed"}\n\n'


async def test_each_piece_is_a_delta_and_the_status_is_the_last() -> None:
    stream = await written("delta", *said("Hel", "lo\n\u2028"), *ended())
    assert stream == (
        b'data: {"delta":"Hel"}\n\ndata: {"delta":"lo\\n\\u2028"}\n\n' + COMPLETED
    )


@pytest.mark.parametrize("reason", ["length", "content_filter", "tool_calls"])
async def test_every_answer_that_came_to_an_end_is_completed(
    reason: FinishReason,
) -> None:
    stream = await written("delta", *said("a"), *ended(reason))
    assert stream == b'data: {"delta":"a"}\n\n' + COMPLETED


async def test_an_error_in_the_middle_is_an_event_and_the_status_failed() -> None:
    stream = await written("delta", *said("a"), BROKE_OFF, *ended("error"))
    assert stream == (
        b'data: {"delta":"a"}\n\n'
        b'event: error\ndata: {"error":{"code":"upstream_incomplete",'
        b'"message":"The model\'s answer broke off.","status":502,"retryable":true,'
        b'"request_id":"req"}}\n\n' + FAILED
    )


async def test_a_deadline_is_an_error_and_the_status_failed() -> None:
    stream = await written("delta", *said("a"), *ended("deadline"))
    assert stream == (
        b'data: {"delta":"a"}\n\n'
        b'event: error\ndata: {"error":{"code":"deadline",'
        b'"message":"The answer took too long.","status":504,"retryable":true,'
        b'"request_id":"req"}}\n\n' + FAILED
    )


async def test_there_is_no_word_for_anything_but_text() -> None:
    others: list[Event] = [PAGE, FILE, REASONING, CALL, RESULT, REDACT]
    assert await written("delta", *others, *ended()) == COMPLETED


async def test_without_streaming_it_is_one_message() -> None:
    whole = await written("delta", PAGE, *said("Hel", "lo"), *ended(), stream=False)
    assert whole == b'{"message":"Hello"}'


def test_a_keep_alive_is_an_empty_delta() -> None:
    assert dialects.load("delta").keep_alive("d") == b'data: {"delta":""}\n\n'


@pytest.mark.parametrize(
    ("fields", "messages"),
    [
        ({"message": "?"}, [("user", "?")]),
        ({"user": "?", "system_prompt": ""}, [("user", "?")]),
        (
            {"message": "?", "system_prompt": "Be brief."},
            [("system", "Be brief."), ("user", "?")],
        ),
        (
            {
                "messages": [{"role": "user", "content": "?"}],
                "system_prompt": "Be brief.",
            },
            [("system", "Be brief."), ("user", "?")],
        ),
    ],
)
def test_the_system_prompt_is_the_first_message(
    fields: dict[str, Any], messages: list[tuple[str, str]]
) -> None:
    request = dialects.load("delta").parse(json.dumps(fields).encode(), {})
    assert [(each.role, each.content) for each in request.messages] == messages


def test_a_system_prompt_that_is_no_text_is_named() -> None:
    body = b'{"message": "?", "system_prompt": ["Be brief."]}'
    with pytest.raises(InvalidRequest, match="system_prompt: expected a string"):
        dialects.load("delta").parse(body, {})


def test_only_this_dialect_takes_a_system_prompt(app: AppProcess) -> None:
    body = {"message": "standin:answer", "system_prompt": "Be brief."}
    assert app.client.post("/api/stream", json=body).status_code == 200
    response = app.client.post("/api/chat", json=body)
    assert response.status_code == 400
    assert "system_prompt" in response.json()["error"]["message"]


def test_the_system_prompt_comes_after_ours(app: AppProcess) -> None:
    body = {"message": "standin:echo", "system_prompt": "Be brief.", "stream": False}
    answer = app.client.post("/api/stream", json=body).json()["message"]
    assert [message["content"] for message in json.loads(answer)] == [
        "You are a helpful assistant.",
        "Be brief.",
        "standin:echo",
    ]


def test_the_system_prompt_is_refused_where_callers_may_have_none(
    small: AppProcess,
) -> None:
    body = {"message": "standin:answer", "system_prompt": "Be brief."}
    response = small.client.post("/api/stream", json=body)
    assert response.status_code == 400
    assert "'system' is refused here" in response.json()["error"]["message"]


def test_over_the_socket_it_streams(app: AppProcess) -> None:
    asked = {"message": "standin:answer tokens=2"}
    response = app.client.post("/api/stream", json=asked)
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.content == (
        b'data: {"delta":"tok0"}\n\ndata: {"delta":" tok1"}\n\n' + COMPLETED
    )


def test_silence_over_the_socket(impatient: AppProcess) -> None:
    late = {"message": "standin:answer tokens=1 first_ms=900"}
    events = read_events(impatient.client.post("/api/stream", json=late))
    keep_alive = ("message", {"delta": ""})
    assert events[0] == keep_alive
    assert [event for event in events if event != keep_alive] == [
        ("message", {"delta": "tok0"}),
        ("done", {"status": "completed"}),
    ]


def test_the_deadline_over_the_socket(brief: AppProcess) -> None:
    endless = {"message": "standin:answer tokens=100 delay_ms=100"}
    events = read_events(brief.client.post("/api/stream", json=endless))
    (error, told), done = events[-2:]
    assert (error, told["error"]["code"]) == ("error", "deadline")
    assert done == ("done", {"status": "failed"})
