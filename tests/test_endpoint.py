"""The native endpoint, over a real socket on the real runtime."""

import re

import pytest

from settings import VERSION
from tests.support.app_process import (
    AppProcess,
    open_streams,
    read_events,
    text_of,
    until,
)


def test_each_token_is_an_event_and_done_is_the_last(app: AppProcess) -> None:
    response = app.chat("standin:answer tokens=3")
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache, no-transform"
    assert response.headers["x-accel-buffering"] == "no"
    *deltas, (name, done) = read_events(response)
    assert deltas == [
        ("message", {"deployment": "gpt-4o", "delta_content": token})
        for token in ("tok0", " tok1", " tok2")
    ]
    assert name == "done"
    assert list(done) == [
        "deployment",
        "finish_reason",
        "run_id",
        "usage",
        "latency_ms",
        "time_to_first_chunk_ms",
        "streaming_duration_ms",
    ]
    assert done["finish_reason"] == "stop"
    latency = done["time_to_first_chunk_ms"] + done["streaming_duration_ms"]
    assert done["latency_ms"] == latency


def test_the_first_event_arrives_long_before_the_last(app: AppProcess) -> None:
    with app.streaming("standin:stall tokens=2 after=1") as answer:
        _, first = answer.next()
        assert first["delta_content"] == "tok0"
    assert app.record(answer.request_id)["status"] == "cancelled"


@pytest.mark.parametrize("path", ["/api/chat", "/api/chat/json", "/api/http_trigger"])
def test_each_path_of_the_native_dialect_streams(app: AppProcess, path: str) -> None:
    response = app.client.post(path, json={"user": "standin:answer tokens=2"})
    assert text_of(read_events(response)) == "tok0 tok1"


def test_an_answer_that_does_not_stream_is_one_object(app: AppProcess) -> None:
    response = app.chat("standin:answer tokens=3", stream=False)
    assert response.headers["content-type"] == "application/json"
    answer = response.json()
    assert answer["content"] == "tok0 tok1 tok2"
    assert answer["finish_reason"] == "stop"
    assert answer["citations"] == answer["tool_calls"] == []
    assert answer["usage"]["output_tokens"] == 3
    assert answer["latency_ms"] >= answer["time_to_first_chunk_ms"]


def test_the_callers_request_id_is_kept_where_it_is_a_plain_one(
    app: AppProcess,
) -> None:
    for given, kept in [("trace-42.a", True), ("a b", False), ("x" * 129, False)]:
        response = app.client.post(
            "/api/chat",
            json={"user": "standin:answer"},
            headers={"x-request-id": given},
        )
        assert (response.headers["x-request-id"] == given) is kept


def test_a_run_is_one_log_line_without_what_was_asked_or_answered(
    app: AppProcess,
) -> None:
    response = app.chat("standin:answer text=confidential-answer tag=confidential-tag")
    record = app.record(response.headers["x-request-id"])
    assert record["schema"] == 1
    assert record["type"] == "stream_completion"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", record["timestamp"])
    assert record["status"] == "ok"
    assert record["deployment"] == "gpt-4o"
    assert record["model"].startswith("gpt-4o")
    assert record["chain"] == "chat"
    assert record["dialect"] == "json"
    assert record["usage"]["completion_tokens"] > 0
    assert record["usage"]["estimated"] is False
    assert not any("confidential" in line for line in app.lines)


def test_chains_are_listed_with_what_they_do(app: AppProcess) -> None:
    listed = app.client.get("/api/chains").json()
    assert listed["default"] == "chat"
    described = {chain["name"]: chain["description"] for chain in listed["chains"]}
    assert set(described) > {"chat", "docs"}
    assert described["docs"].startswith("Answers from documents")
    assert "strings" in described


def test_stream_check_streams_without_a_model(app: AppProcess) -> None:
    with app.client.stream("GET", "/api/stream-check") as response:
        reads = response.iter_bytes()
        first = next(reads)
        assert b'"delta_content":"1 "' in first
        assert b"event: done" not in first
        rest = b"".join(reads)
    assert rest.count(b"delta_content") == 19
    assert rest.count(b"event: done") == 1
    assert b'"total_tokens":0' in rest
    assert b"estimated" not in rest
    with app.client.stream("POST", "/api/stream-check") as response:
        assert b'"delta_content":"1 "' in next(response.iter_bytes())


def test_health_says_whether_the_default_chain_can_answer(app: AppProcess) -> None:

    def is_over() -> bool:  # Who has left before may yet be noticed.
        logs = app.client.get("/api/health").json()["checks"]["logs"]
        return open_streams(app) == 0 and logs["open_logs"] == 0

    until(is_over)
    response = app.client.get("/api/health")
    assert response.status_code == 200
    report = response.json()
    telemetry = report["checks"].pop("telemetry")
    assert report == {
        "status": "ok",
        "version": VERSION,
        "chain": "chat",
        "checks": {
            "chain": "ok",
            "open_streams": 0,
            "warnings": {},
            "logs": {
                "engine": "memory",
                "open_logs": 0,
                "failures": 0,
                "lost_logs": 0,
                "problem": None,
            },
        },
    }
    # Each sink is beside it.
    assert telemetry["journal"] == {"lost": 0, "waiting": 0}
