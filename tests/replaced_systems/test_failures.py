"""Failures that replaced systems hid behind a status of 200 or a clean end."""

import json

import httpx
import pytest

from tests.replaced_systems.completions import text_of
from tests.replaced_systems.systems import (
    AOAI_STREAM,
    CHAIN,
    COOKBOOK,
    PROXIES,
    TUTORIAL,
    ReplacedSystem,
    data_of,
    each,
)
from tests.support.app_process import AppProcess, read_events


@each(TUTORIAL, AOAI_STREAM, COOKBOOK)
@pytest.mark.parametrize(
    ("scenario", "status"),
    [
        ("rate_limited", 429),
        ("unauthorized", 502),
        ("server_error", 502),
        ("prompt_filtered", 400),
    ],
)
def test_an_error_of_the_model_is_a_status(
    app: AppProcess, system: ReplacedSystem, scenario: str, status: int
) -> None:
    assert system.ask(app, f"standin:{scenario}").status_code == status


@each(*PROXIES)
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("directive", "status", "code"),
    [
        ("prompt_filtered", 400, "content_filter"),
        ("bad_param", 400, "unsupported_parameter"),
        ("not_found", 404, "DeploymentNotFound"),
        ("rate_limited retry_after=7", 429, "429"),
        ("server_error status=503", 503, None),
        # The server's credential is refused, and not the caller's.
        ("unauthorized", 502, "upstream_auth"),
    ],
)
def test_an_error_keeps_its_status_and_its_body(
    app: AppProcess,
    system: ReplacedSystem,
    directive: str,
    status: int,
    code: str | None,
    stream: bool,
) -> None:
    response = system.ask(app, f"standin:{directive}", stream=stream)
    assert response.status_code == status
    error = response.json()["error"]
    assert isinstance(error, dict)
    assert code is None or error["code"] == code
    assert "Traceback" not in response.text
    if status == 429:
        assert response.headers["retry-after"] == "7"


BREAKS = pytest.mark.parametrize(
    "scenario", ["error_event", "cut", "drop", "malformed"]
)


@BREAKS
def test_a_text_that_broke_off_does_not_look_complete(
    app: AppProcess, scenario: str
) -> None:
    stream = AOAI_STREAM.ask(app, f"standin:{scenario} tokens=2").content
    *_, error, end = stream.split(b"\r\n\r\n")
    event, _, data = error.partition(b"\r\ndata: ")
    assert (event, end) == (b"event: error", b"")
    assert json.loads(data)["error"]["status"] == 502
    assert b"[DONE]" not in stream


@BREAKS
@each(TUTORIAL, COOKBOOK)
def test_an_answer_that_broke_off_is_done_with_an_error(
    app: AppProcess, system: ReplacedSystem, scenario: str
) -> None:
    events = read_events(system.ask(app, f"standin:{scenario} tokens=2"))
    (name, error), (last, done) = events[-2:]
    assert (name, error["error"]["status"]) == ("error", 502)
    assert last == "done"
    if system is COOKBOOK:
        assert done == {"status": "failed"}
    else:
        assert done["finish_reason"] == "error"


def test_the_stream_says_how_it_ended_and_what_it_cost(app: AppProcess) -> None:
    name, done = read_events(TUTORIAL.ask(app, "standin:answer tokens=2"))[-1]
    assert name == "done"
    assert done["finish_reason"] == "stop"
    assert done["usage"]["output_tokens"] == 2
    name, error = read_events(TUTORIAL.ask(app, "standin:error_event tokens=1"))[-2]
    assert (name, error["error"]["code"]) == ("error", "upstream_error")


@each(*PROXIES, CHAIN)
def test_after_an_error_nothing_says_done(
    app: AppProcess, system: ReplacedSystem
) -> None:
    *before, last = data_of(system.ask(app, "standin:error_event tokens=2"))
    assert text_of(before) == "tok0 tok1"
    assert isinstance(json.loads(last)["error"], dict)


@each(*PROXIES, CHAIN)
def test_an_answer_that_was_cut_is_not_done(
    app: AppProcess, system: ReplacedSystem
) -> None:
    data = data_of(system.ask(app, "standin:cut tokens=2"))
    assert text_of(data) == "tok0 tok1"
    assert "[DONE]" not in data
    assert not any('"finish_reason":"' in each for each in data)


@each(*PROXIES)
def test_a_connection_that_is_lost_upstream_is_lost_here(
    app: AppProcess, system: ReplacedSystem
) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        system.ask(app, "standin:drop tokens=2")
