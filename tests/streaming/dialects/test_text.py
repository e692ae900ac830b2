"""`text`, byte by byte."""

import httpx
import pytest
from httpx_sse import EventSource
from hypothesis import given
from hypothesis import strategies as st

from streaming import dialects
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
from tests.support.app_process import AppProcess

ERROR = (
    b'event: error\r\ndata: {"error":{"code":"upstream_incomplete",'
    b'"message":"The model\'s answer broke off.","status":502,"retryable":true,'
    b'"request_id":"req"}}\r\n\r\n'
)
LATE = (
    b'event: error\r\ndata: {"error":{"code":"deadline",'
    b'"message":"The answer took too long.","status":504,"retryable":true,'
    b'"request_id":"req"}}\r\n\r\n'
)
DONE = b"data: [DONE]\r\n\r\n"


def read(stream: bytes) -> list[str]:
    """The data of each event, as a parser that nobody here wrote reads it."""
    headers = {"content-type": "text/event-stream"}
    response = httpx.Response(200, headers=headers, content=stream)
    return [event.data for event in EventSource(response).iter_sse()]


async def test_each_piece_is_an_event_and_done_is_the_last() -> None:
    stream = await written("text", *said("Hel", "lo"), *ended())
    assert stream == b"data: Hel\r\n\r\ndata: lo\r\n\r\n" + DONE


@pytest.mark.parametrize(
    ("texts", "frames"),
    [
        (("a\nb",), b"data: a\r\ndata: b\r\n\r\n"),
        (("\n",), b"data: \r\ndata: \r\n\r\n"),
        (("a\r\nb",), b"data: a\r\ndata: b\r\n\r\n"),
        (("a\rb",), b"data: a\r\ndata: b\r\n\r\n"),
        (("a\r", "\nb"), b"data: a\r\n\r\ndata: \r\ndata: b\r\n\r\n"),
        (("a\r", "b"), b"data: a\r\n\r\ndata: \r\ndata: b\r\n\r\n"),
        (("\r",), b"data: \r\ndata: \r\n\r\n"),
        (("[DONE]",), b"data: [\r\n\r\ndata: DONE]\r\n\r\n"),
        ((" [DONE]\n",), b"data:  [\r\n\r\ndata: DONE]\r\ndata: \r\n\r\n"),
        (("[DONE] it",), b"data: [DONE] it\r\n\r\n"),
        (
            ("x\n[DONE]\ny",),
            b"data: x\r\ndata: [\r\n\r\ndata: DONE]\r\ndata: y\r\n\r\n",
        ),
        (
            ("[DONE]\r\n\t[DONE] ",),
            b"data: [\r\n\r\ndata: DONE]\r\ndata: \t[\r\n\r\ndata: DONE] \r\n\r\n",
        ),
        (("[DO", "NE]"), b"data: [DO\r\n\r\ndata: NE]\r\n\r\n"),
        ((" é\u2028", "\ud83d"), " é\u2028\r\n\r\ndata: �\r\n\r\n".encode()),
    ],
)
async def test_what_a_line_cannot_carry(texts: tuple[str, ...], frames: bytes) -> None:
    stream = await written("text", *said(*texts), *ended())
    frames = frames if frames.startswith(b"data") else b"data: " + frames
    assert stream == frames + DONE


PARTS = st.sampled_from(
    ["[DONE]", "[DO", "NE]", "[", " ", "\u2028", "\n", "\r", "a", "é"]
)


@given(st.lists(st.lists(PARTS, min_size=1, max_size=8).map("".join), max_size=6))
async def test_a_reader_has_the_answer_with_its_line_ends_as_lf(
    texts: list[str],
) -> None:
    stream = await written("text", *said(*texts), *ended())
    *events, last = read(stream)
    expected = "".join(texts).replace("\r\n", "\n").replace("\r", "\n")
    assert "".join(events) == expected
    assert last == "[DONE]"
    lines = [
        line.removeprefix("data:").strip() for line in stream.decode().split("\r\n")
    ]
    assert lines.index("[DONE]") == len(lines) - 3


@pytest.mark.parametrize("reason", ["length", "content_filter", "tool_calls"])
async def test_every_answer_that_came_to_an_end_is_done(reason: FinishReason) -> None:
    stream = await written("text", *said("a"), *ended(reason))
    assert stream == b"data: a\r\n\r\n" + DONE


async def test_an_error_in_the_middle_is_an_event_and_nothing_is_done() -> None:
    stream = await written("text", *said("a\r"), BROKE_OFF, *ended("error"))
    assert stream == b"data: a\r\n\r\ndata: \r\ndata: \r\n\r\n" + ERROR


async def test_a_deadline_is_an_error_and_nothing_is_done() -> None:
    stream = await written("text", *said("a"), *ended("deadline"))
    assert stream == b"data: a\r\n\r\n" + LATE


async def test_there_is_no_word_for_anything_but_text() -> None:
    others: list[Event] = [PAGE, FILE, REASONING, CALL, RESULT, REDACT]
    assert await written("text", *others, *ended()) == DONE


async def test_without_streaming_it_is_the_text() -> None:
    events = [PAGE, *said("a\r\n", "[DONE]", "\ud83d"), *ended()]
    assert await written("text", *events, stream=False) == "a\r\n[DONE]�".encode()


def test_a_keep_alive_is_an_event_without_text() -> None:
    keep_alive = dialects.load("text").keep_alive("d")
    assert keep_alive == b"data:\r\n\r\n"
    assert read(keep_alive) == [""]


def test_over_the_socket_it_streams_and_answers_whole(app: AppProcess) -> None:
    asked = {"user": "standin:answer tokens=2"}
    response = app.client.post("/api/chat-stream", json=asked)
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.content == b"data: tok0\r\n\r\ndata:  tok1\r\n\r\n" + DONE
    response = app.client.post("/api/chat/text", json={**asked, "stream": False})
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.text == "tok0 tok1"


def test_an_error_before_the_stream_is_a_status_and_json(app: AppProcess) -> None:
    asked = {"user": "standin:rate_limited retry_after=7"}
    response = app.client.post("/api/chat-stream", json=asked)
    assert (response.status_code, response.headers["retry-after"]) == (429, "7")
    assert response.headers["content-type"] == "application/json"
    assert response.json()["error"]["code"] == "rate_limited"


def test_silence_over_the_socket(impatient: AppProcess) -> None:
    late = {"user": "standin:answer tokens=1 first_ms=900"}
    stream = impatient.client.post("/api/chat-stream", json=late).content
    keep_alive = b"data:\r\n\r\n"
    assert stream.startswith(keep_alive)
    assert stream.replace(keep_alive, b"") == b"data: tok0\r\n\r\n" + DONE


def test_the_deadline_over_the_socket(brief: AppProcess) -> None:
    endless = {"user": "standin:answer tokens=100 delay_ms=100"}
    stream = brief.client.post("/api/chat-stream", json=endless).content
    assert b'event: error\r\ndata: {"error":{"code":"deadline"' in stream
    assert DONE not in stream
