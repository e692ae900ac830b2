"""`plain`: the text of an answer, and nothing else."""

import json
from typing import Any

import httpx
import pytest

from streaming import dialects
from streaming.errors import DeadlineExceeded, InvalidRequest
from streaming.events import Event
from streaming.upstream_errors import UpstreamIncomplete
from tests.streaming.dialects.dialect_output import (
    BROKE_OFF,
    CALL,
    PAGE,
    REASONING,
    RESULT,
    ended,
    said,
    written,
)
from tests.streaming.dialects.use_chat_messages import message, text
from tests.support.app_process import AppProcess

PATH = "/api/chat/plain"


def parse(**fields: Any) -> Any:
    return dialects.load("plain").parse(json.dumps(fields).encode(), {})


@pytest.mark.parametrize("stream", [True, False])
async def test_it_is_the_text_alone(stream: bool) -> None:
    events = [REASONING, CALL, RESULT, PAGE, *said("Hé", "l\r\n", "[DONE]"), *ended()]
    answer = await written("plain", *events, stream=stream)
    assert answer.decode() == "Hél\r\n[DONE]"


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("events", "error"),
    [
        ([BROKE_OFF, *ended("error")], UpstreamIncomplete),
        (ended("deadline"), DeadlineExceeded),
    ],
)
async def test_a_failure_is_raised(
    events: list[Event], error: type[Exception], stream: bool
) -> None:
    with pytest.raises(error):
        await written("plain", *said("a"), *events, stream=stream)


def test_it_reads_what_json_reads() -> None:
    request = parse(user="?", chain="docs", temperature=0.5, reasoning_effort="low")
    assert [each.content for each in request.messages] == ["?"]
    assert (request.chain, request.sampling.temperature) == ("docs", 0.5)
    with pytest.raises(InvalidRequest, match="top_k: is not a known field"):
        parse(user="?", top_k=1)


def test_it_reads_what_use_chat_posts() -> None:
    posted = {"id": "c", "trigger": "submit-message", "messageId": "m", "chain": "docs"}
    request = parse(messages=[message("user", text("?"))], **posted)
    assert ([each.content for each in request.messages], request.chain) == (
        ["?"],
        "docs",
    )
    assert parse(messages=[message("user", text("?"))]).messages == request.messages


@pytest.mark.parametrize("stream", [True, False])
def test_over_the_socket_it_is_text(app: AppProcess, stream: bool) -> None:
    body = {"user": "standin:answer tokens=3", "stream": stream}
    response = app.client.post(PATH, json=body)
    assert (response.status_code, response.text) == (200, "tok0 tok1 tok2")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["x-deployment"] == "gpt-4o"


def test_it_comes_in_pieces(app: AppProcess) -> None:
    body = {"user": "standin:answer tokens=30 delay_ms=50"}
    with app.client.stream("POST", PATH, json=body) as response:
        assert "tok29" not in next(response.iter_text())


@pytest.mark.parametrize("stream", [True, False])
def test_an_error_before_the_text_is_a_status_and_its_message(
    app: AppProcess, stream: bool
) -> None:
    body = {"user": "standin:rate_limited retry_after=7", "stream": stream}
    response = app.client.post(PATH, json=body)
    assert (response.status_code, response.headers["retry-after"]) == (429, "7")
    assert response.text == "The model is busy; try again later."
    assert response.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("scenario", ["cut", "error_event", "drop"])
def test_an_answer_that_fails_later_is_cut_off(app: AppProcess, scenario: str) -> None:
    body = {"user": f"standin:{scenario} tokens=3 delay_ms=300"}
    with app.client.stream("POST", PATH, json=body) as response:
        assert response.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):
            response.read()
    record = app.record(response.headers["x-request-id"])
    assert (record["status"], record["dialect"]) == ("error", "plain")


def test_so_is_one_at_the_deadline(brief: AppProcess) -> None:
    body = {"user": "standin:answer tokens=100 delay_ms=100"}
    with brief.client.stream("POST", PATH, json=body) as response:
        assert response.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):
            response.read()
    assert brief.record(response.headers["x-request-id"])["status"] == "deadline"


def test_silence_is_silent(impatient: AppProcess) -> None:
    body = {"user": "standin:answer tokens=1 first_ms=900"}
    assert impatient.client.post(PATH, json=body).text == "tok0"
