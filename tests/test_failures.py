"""A provider's failure: a true status before the first token, an event after it."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from bench.quantities.wires import Wire
from streaming import dialects
from tests.support.app_process import AppProcess, text_of
from tests.support.every_wire import EVERY_WIRE, asked, succeeded

UPSTREAM_DETAIL = "secret-upstream-detail"

FAILURES = [
    ("rate_limited", 429, "rate_limited", True),
    ("prompt_filtered", 400, "content_filter", False),
    ("context_length", 400, "context_length_exceeded", False),
    ("bad_param", 400, "invalid_request", False),
    ("unauthorized", 502, "upstream_auth", False),
    ("forbidden", 502, "upstream_auth", False),
    ("not_found", 404, "deployment_not_found", False),
    ("server_error", 502, "upstream_error", True),
    ("server_error status=503", 502, "upstream_error", True),
    ("error_event tokens=0", 502, "upstream_error", True),
    ("drop_before", 502, "upstream_error", True),
    ("cut tokens=0", 502, "upstream_incomplete", True),
    ("drop tokens=0", 502, "upstream_error", True),
    ("malformed tokens=0", 502, "upstream_error", True),
    ("drop_headers", 502, "upstream_error", True),
    ("quota", 429, "rate_limited", True),
    ("nothing which=0", 502, "upstream_incomplete", True),
    ("nothing which=7", 502, "upstream_error", True),
]

LATER = [
    ("error_event", "upstream_error"),
    ("cut", "upstream_incomplete"),
    ("drop", "upstream_error"),
    ("malformed", "upstream_error"),
]


AS_TEXT = ("plain", "ui-message")
"""Dialects whose clients show a body as it is; docs/errors.md names them."""

WITHOUT_CODES = ("delta", "ui-message")
"""Wires that say in a stream that it failed, and for people only why."""


@pytest.mark.parametrize("dialect", dialects.names())
def test_an_error_before_the_stream_is_an_object_unless_its_body_is_shown(
    app: AppProcess, dialect: str
) -> None:
    message = {"role": "user", "content": "standin:rate_limited"}
    name = "input" if dialect == "responses" else "messages"
    body = {name: [message], "stream": True}
    response = app.client.post(f"/api/chat/{dialect}", json=body)
    assert response.status_code == 429
    said = "The model is busy; try again later."
    if dialect in AS_TEXT:
        assert response.text == said
    else:
        assert response.headers["content-type"] == "application/json"
        assert response.json()["error"]["message"] == said


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(("scenario", "status", "code", "retryable"), FAILURES)
def test_a_failure_before_the_first_token_is_a_true_status(
    app: AppProcess,
    scenario: str,
    status: int,
    code: str,
    retryable: bool,
    stream: bool,
) -> None:
    response = app.chat(f"standin:{scenario}", stream=stream)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (status, code)
    assert error["status"] == status
    assert error["retryable"] is retryable
    assert error["request_id"] == response.headers["x-request-id"]
    assert response.headers.get("x-should-retry") == (None if retryable else "false")
    assert UPSTREAM_DETAIL not in response.text
    record = app.record(error["request_id"])
    assert record["status"] == (
        "content_filter" if code == "content_filter" else "error"
    )
    assert record["error"] == {"code": code}


@pytest.mark.parametrize(
    ("headers", "retry_after", "retry_after_ms"),
    [
        ("retry_after=7", "7", 7000),
        ("retry_after=7 retry_after_ms=6500", "7", 6500),
        ("retry_after_ms=1", "1", 1),
        ("retry_after=soon", None, None),
        ("", None, None),
    ],
)
def test_the_providers_wait_is_passed_on(
    app: AppProcess, headers: str, retry_after: str | None, retry_after_ms: int | None
) -> None:
    response = app.chat(f"standin:rate_limited {headers}")
    assert response.headers.get("retry-after") == retry_after
    assert response.json()["error"].get("retry_after_ms") == retry_after_ms


@pytest.mark.parametrize(("scenario", "code"), LATER)
def test_a_failure_after_the_first_token_is_an_error_event_then_done(
    app: AppProcess, scenario: str, code: str
) -> None:
    events = app.events(f"standin:{scenario} tokens=3")
    *deltas, (name, error), (last, done) = events
    assert text_of(deltas) == "tok0 tok1 tok2"
    assert (name, error["error"]["code"]) == ("error", code)
    assert (last, done["finish_reason"]) == ("done", "error")
    assert done["usage"]["estimated"] is True
    assert done["usage"]["output_tokens"] > 0
    assert UPSTREAM_DETAIL not in str(events)


@pytest.mark.parametrize("scenario", ["error_event", "cut", "drop", "malformed"])
def test_the_same_failure_without_streaming_is_a_status(
    app: AppProcess, scenario: str
) -> None:
    response = app.chat(f"standin:{scenario} tokens=3", stream=False)
    assert response.status_code == 502
    assert "tok0" not in response.text


each_wire = pytest.mark.parametrize("wire", EVERY_WIRE, ids=lambda wire: wire.name)


@each_wire
def test_a_failure_has_the_same_status_through_each_wire(
    app: AppProcess, wire: Wire
) -> None:
    for scenario, status, code, _ in FAILURES:
        response = asked(app, wire, f"standin:{scenario}")
        assert response.status_code == status, (scenario, response.text)
        assert code in response.text or wire.name in AS_TEXT, response.text
        assert UPSTREAM_DETAIL not in response.text


@each_wire
def test_a_later_failure_is_a_success_through_no_wire(
    app: AppProcess, wire: Wire
) -> None:
    for scenario, code in [*LATER, ("unknown_finish", "upstream_error")]:
        question = f"standin:{scenario} tokens=3"
        whole = asked(app, wire, question, stream=False)
        assert whole.status_code == 502, (scenario, whole.text)
        if wire.name == "plain":
            with pytest.raises(httpx.RemoteProtocolError):
                asked(app, wire, question)
            continue
        stream = asked(app, wire, question)
        assert stream.status_code == 200
        assert "tok2" in stream.text, scenario
        assert not succeeded(wire.name, stream.content), scenario
        assert code in stream.text or wire.name in WITHOUT_CODES, stream.text


def test_silence_is_a_success_through_no_wire(impatient: AppProcess) -> None:
    def ask(wire: Wire) -> bool:
        try:
            stream = asked(impatient, wire, "standin:stall tokens=2").content
        except httpx.RemoteProtocolError:
            return False
        return succeeded(wire.name, stream)

    with ThreadPoolExecutor(len(EVERY_WIRE)) as pool:
        found = [*pool.map(ask, EVERY_WIRE)]
    assert found == [False] * len(EVERY_WIRE)


@each_wire
def test_a_whole_answer_is_a_success(app: AppProcess, wire: Wire) -> None:
    stream = asked(app, wire, "standin:answer tokens=3")
    assert succeeded(wire.name, stream.content)
