"""Silence and time: keep-alives, the peek, stalls, the deadline; over a real socket."""

from typing import Any

from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, read_events, text_of

KEEP_ALIVE = ("message", {"deployment": "gpt-4o", "delta_content": ""})


def test_a_silent_stream_gets_keep_alives_that_are_events(
    impatient: AppProcess,
) -> None:
    events = impatient.events("standin:answer tokens=2 first_ms=900")
    # The first may be sent before it is known whom the chain asks.
    assert events[0][1]["delta_content"] == ""
    assert KEEP_ALIVE in events
    assert text_of(events) == "tok0 tok1"
    assert events[-1][1]["finish_reason"] == "stop"


def test_after_the_peek_the_status_is_out_and_a_failure_is_an_event(
    impatient: AppProcess,
) -> None:
    slow_failure = "standin:error_event tokens=0 first_ms=900"
    assert read_failure(impatient.events(slow_failure)) == "upstream_error"


def test_a_model_that_never_begins_times_out(
    impatient: AppProcess, standin: StandIn
) -> None:
    events = impatient.events("standin:silent tag=never-begins")
    assert read_failure(events) == "upstream_timeout"
    assert standin.wait_closed("never-begins")["outcome"] == "closed_by_peer"


def test_a_model_whose_headers_are_late_is_waited_for(impatient: AppProcess) -> None:
    events = impatient.events("standin:slow_first ms=900")
    assert events[0][1]["delta_content"] == ""
    assert KEEP_ALIVE in events
    assert events[-1][1]["finish_reason"] == "stop"


def test_a_model_whose_headers_never_come_times_out(impatient: AppProcess) -> None:
    assert read_failure(impatient.events("standin:slow_first ms=9000")) == (
        "upstream_timeout"
    )


def test_a_model_that_never_begins_is_504_without_streaming(
    impatient: AppProcess,
) -> None:
    response = impatient.chat("standin:silent", stream=False)
    assert response.status_code == 504
    assert response.json()["error"]["code"] == "upstream_timeout"


def test_a_model_that_falls_silent_has_stalled(
    impatient: AppProcess, standin: StandIn
) -> None:
    events = impatient.events("standin:stall tokens=2 tag=stalled")
    assert read_failure(events) == "upstream_stall"
    assert text_of(events) == "tok0"
    assert events[-1][1]["usage"]["estimated"] is True
    assert standin.wait_closed("stalled")["chunks_sent"] >= 1


def test_a_stall_is_504_without_streaming(impatient: AppProcess) -> None:
    response = impatient.chat("standin:stall tokens=2", stream=False)
    assert response.status_code == 504
    assert response.json()["error"]["code"] == "upstream_stall"


def test_the_deadline_ends_a_stream_with_done_alone(
    brief: AppProcess, standin: StandIn
) -> None:
    response = brief.chat("standin:answer tokens=100 delay_ms=100 tag=endless")
    events = read_events(response)
    assert {name for name, _ in events} == {"message", "done"}
    assert events[-1][1]["finish_reason"] == "deadline"
    assert text_of(events).startswith("tok0 tok1")
    assert standin.wait_closed("endless")
    record = brief.record(response.headers["x-request-id"])
    assert (record["status"], record["finish_reason"]) == ("deadline", "deadline")


def test_the_deadline_is_504_without_streaming(brief: AppProcess) -> None:
    response = brief.chat("standin:answer tokens=100 delay_ms=100", stream=False)
    assert response.status_code == 504
    assert response.json()["error"]["code"] == "deadline"


def test_a_tool_that_takes_its_time_is_not_a_stall(impatient: AppProcess) -> None:
    events = impatient.events("anything", chain="quiet_tool")
    assert text_of(events) == "before after"
    assert events[-1][1]["finish_reason"] == "stop"


def test_an_upstream_that_is_not_there_is_502() -> None:
    nobody = {
        "AZURE_OPENAI_ENDPOINT": "http://127.0.0.1:9",
        "AZURE_OPENAI_DEPLOYMENT": "d",
        "AZURE_OPENAI_API_KEY": "k",
    }
    with AppProcess(nobody) as server:
        server.warm()
        for stream in (True, False):
            response = server.chat("hello", stream=stream)
            assert response.status_code == 502
            assert response.json()["error"]["code"] == "upstream_unreachable"
            record = server.record(response.headers["x-request-id"])
            assert record["usage"]["total_tokens"] == 0


def read_failure(events: list[tuple[str, Any]]) -> str:
    """The code of the error that a stream ended with."""
    (name, error), (last, done) = events[-2:]
    assert (name, last, done["finish_reason"]) == ("error", "done", "error")
    return str(error["error"]["code"])
