"""The native endpoint, over a real socket on the real runtime."""

import json
import re
from typing import Any

import pytest

from tests.server import Server, open_streams, read_events, text_of, until
from tests.standin.process import StandIn

UPSTREAM_DETAIL = "secret-upstream-detail"


def test_each_token_is_an_event_and_done_is_the_last(app: Server) -> None:
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


def test_usage_is_what_the_provider_sent(app: Server) -> None:
    *_, (_, done) = app.events("standin:reasoning")
    assert done["usage"] == {
        "input_tokens": 6,
        "output_tokens": 18,
        "total_tokens": 24,
        "cached_tokens": 0,
        "reasoning_tokens": 7,
    }


def test_the_first_event_arrives_long_before_the_last(app: Server) -> None:
    with app.streaming("standin:stall tokens=2 after=1") as answer:
        _, first = answer.next()
        assert first["delta_content"] == "tok0"
    assert app.record(answer.request_id)["status"] == "cancelled"


@pytest.mark.parametrize("path", ["/api/chat", "/api/chat/json", "/api/http_trigger"])
def test_each_path_of_the_native_dialect_streams(app: Server, path: str) -> None:
    response = app.client.post(path, json={"user": "standin:answer tokens=2"})
    assert text_of(read_events(response)) == "tok0 tok1"


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        ({"user": "standin:echo"}, ["standin:echo"]),
        ({"message": "standin:echo"}, ["standin:echo"]),
        (
            {
                "messages": [
                    {"role": "user", "content": "one"},
                    {"role": "assistant", "content": "two"},
                    {"role": "user", "content": "standin:echo"},
                ]
            },
            ["one", "two", "standin:echo"],
        ),
    ],
)
def test_what_was_asked_reaches_the_model_after_our_system_prompt(
    app: Server, body: dict[str, Any], asked: list[str]
) -> None:
    answer = app.client.post("/api/chat", json={**body, "stream": False}).json()
    received = json.loads(answer["content"])
    assert received[0] == {"role": "system", "content": "You are a helpful assistant."}
    assert [message["content"] for message in received[1:]] == asked


def test_tool_messages_content_parts_and_names_reach_the_model(app: Server) -> None:
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "get_weather", "arguments": '{"city": "Paris"}'},
    }
    image = {"type": "image_url", "image_url": {"url": "https://example.com/x.png"}}
    messages = [
        {"role": "developer", "content": "be brief"},
        {
            "role": "user",
            "name": "ann",
            "content": [{"type": "text", "text": "?"}, image],
        },
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
        {"role": "user", "content": "standin:echo"},
    ]
    body = {"messages": messages, "stream": False}
    answer = app.client.post("/api/chat", json=body).json()
    received = json.loads(answer["content"])
    assert received[1] == messages[0]
    assert received[2]["content"] == [{"type": "text", "text": "?"}, image]
    assert received[2]["name"] == "ann"
    assert received[3]["tool_calls"][0]["function"]["name"] == "get_weather"
    assert received[4]["content"] == "sunny"
    assert received[4]["tool_call_id"] == "call_1"


def test_sampling_reaches_the_model(app: Server, standin: StandIn) -> None:
    sampling = {"temperature": 0.5, "top_p": 0.9, "max_tokens": 7, "seed": 42}
    app.events("standin:answer tag=sampling", **sampling, stop=["END"])
    [request] = standin.requests("sampling")
    sent = request["body"]
    assert sent["temperature"] == 0.5
    assert sent["top_p"] == 0.9
    assert sent["seed"] == 42
    assert sent["stop"] == ["END"]
    assert 7 in (sent.get("max_tokens"), sent.get("max_completion_tokens"))
    assert sent["stream_options"] == {"include_usage": True}


def test_an_answer_that_does_not_stream_is_one_object(app: Server) -> None:
    response = app.chat("standin:answer tokens=3", stream=False)
    assert response.headers["content-type"] == "application/json"
    answer = response.json()
    assert answer["content"] == "tok0 tok1 tok2"
    assert answer["finish_reason"] == "stop"
    assert answer["citations"] == answer["tool_calls"] == []
    assert answer["usage"]["output_tokens"] == 3
    assert answer["latency_ms"] >= answer["time_to_first_chunk_ms"]


@pytest.mark.parametrize(
    ("scenario", "finish_reason"),
    [
        ("length", "length"),
        ("filtered", "content_filter"),
        ("async_block start=0 end=3", "content_filter"),
        ("block_after_stop start=0 end=3", "content_filter"),
        ("async_filter", "stop"),
        ("tools", "tool_calls"),
        ("unknown_finish", "stop"),
        ("refusal", "stop"),
        ("crlf", "stop"),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_finish_reasons_are_the_models(
    app: Server, scenario: str, finish_reason: str, stream: bool
) -> None:
    response = app.chat(f"standin:{scenario}", stream=stream)
    done = read_events(response)[-1][1] if stream else response.json()
    assert done["finish_reason"] == finish_reason


def test_the_asynchronous_filters_block_redacts_by_its_offsets(app: Server) -> None:
    events = app.events("standin:async_block start=4 end=17")
    redact = {"deployment": "gpt-4o", "start_offset": 4, "end_offset": 17}
    assert events[-2] == ("redact", redact)
    answer = app.chat("standin:async_block start=4 end=17", stream=False).json()
    assert answer["redactions"] == [{"start_offset": 4, "end_offset": 17}]


def test_annotations_that_block_nothing_are_not_shown(app: Server) -> None:
    names = {name for name, _ in app.events("standin:async_filter")}
    assert names == {"message", "done"}


def test_a_refusals_text_is_answer_text(app: Server) -> None:
    assert text_of(app.events("standin:refusal")) == "I cannot help with that."


def test_reasoning_is_an_event_of_its_own(app: Server) -> None:
    events = app.events("standin:reasoning")
    reasoning = [
        data["delta_reasoning"] for name, data in events if name == "reasoning"
    ]
    assert "".join(reasoning).startswith("The question is about")
    assert "delta_reasoning" not in dict(events)["message"]


def test_tool_calls_come_whole(app: Server) -> None:
    *calls, (_, done) = app.events("standin:tools calls=2")
    assert [(name, data["name"], data["args"]) for name, data in calls] == [
        ("tool_call", "get_weather", {"city": "Paris"}),
        ("tool_call", "get_weather", {"city": "London"}),
    ]
    assert done["finish_reason"] == "tool_calls"
    answer = app.chat("standin:tools", stream=False).json()
    assert answer["tool_calls"][0]["args"] == {"city": "Paris"}


def test_text_of_any_script_survives_any_split_of_its_bytes(app: Server) -> None:
    text = text_of(app.events("standin:utf8_split"))
    for character in "é漢😀\u2028\u2029\x85":
        assert character in text


def test_no_frame_has_a_line_break_that_only_unicode_knows(app: Server) -> None:
    body = app.chat("standin:utf8_split").content
    assert b"\\u2028" in body
    assert not any(c.encode() in body for c in "\u2028\u2029\x85")


def test_a_chunk_of_a_megabyte_is_not_lost(app: Server) -> None:
    assert len(text_of(app.events("standin:big bytes=1048576"))) == 1048576


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
]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(("scenario", "status", "code", "retryable"), FAILURES)
def test_a_failure_before_the_first_token_is_a_true_status(
    app: Server, scenario: str, status: int, code: str, retryable: bool, stream: bool
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
    app: Server, headers: str, retry_after: str | None, retry_after_ms: int | None
) -> None:
    response = app.chat(f"standin:rate_limited {headers}")
    assert response.headers.get("retry-after") == retry_after
    assert response.json()["error"].get("retry_after_ms") == retry_after_ms


@pytest.mark.parametrize(
    ("scenario", "code"),
    [
        ("error_event", "upstream_error"),
        ("cut", "upstream_incomplete"),
        ("drop", "upstream_error"),
        ("malformed", "upstream_error"),
    ],
)
def test_a_failure_after_the_first_token_is_an_error_event_then_done(
    app: Server, scenario: str, code: str
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
    app: Server, scenario: str
) -> None:
    response = app.chat(f"standin:{scenario} tokens=3", stream=False)
    assert response.status_code == 502
    assert "tok0" not in response.text


def test_usage_that_was_asked_for_and_not_sent_is_estimated(app: Server) -> None:
    *_, (_, done) = app.events("standin:usage_null tokens=8")
    assert done["usage"]["estimated"] is True
    assert done["usage"]["output_tokens"] > 0


def test_a_deployment_that_refuses_stream_options_is_asked_once_without(
    small: Server, standin: StandIn
) -> None:
    first = small.events("standin:no_stream_options tokens=4 tag=refused")
    again = small.events("standin:no_stream_options tokens=4 tag=refused")
    assert text_of(first) == text_of(again) == "tok0 tok1 tok2 tok3"
    assert first[-1][1]["usage"]["estimated"] is True
    asked = ["stream_options" in each["body"] for each in standin.requests("refused")]
    assert asked == [True, False, False]


def test_the_callers_request_id_is_kept_where_it_is_a_plain_one(app: Server) -> None:
    for given, kept in [("trace-42.a", True), ("a b", False), ("x" * 129, False)]:
        response = app.client.post(
            "/api/chat",
            json={"user": "standin:answer"},
            headers={"x-request-id": given},
        )
        assert (response.headers["x-request-id"] == given) is kept


def test_a_run_is_one_log_line_without_what_was_asked_or_answered(app: Server) -> None:
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


def test_chains_are_listed_with_what_they_do(app: Server) -> None:
    listed = app.client.get("/api/chains").json()
    assert listed["default"] == "chat"
    assert listed["chains"][0]["name"] == "chat"
    described = {chain["name"]: chain["description"] for chain in listed["chains"]}
    assert described["docs"].startswith("Answers from documents")
    assert "strings" in described


def test_stream_check_streams_without_a_model(app: Server) -> None:
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


def test_health_says_whether_the_default_chain_can_answer(app: Server) -> None:
    until(lambda: open_streams(app) == 0)  # Who has left before may yet be noticed.
    response = app.client.get("/api/health")
    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "version": "0.1.0",
        "chain": "chat",
        "checks": {
            "chain": "ok",
            "open_streams": 0,
            "telemetry": {"journal": {"lost": 0, "waiting": 0}},
        },
    }


def test_with_no_model_the_documentation_answers(offline: Server) -> None:
    events = offline.events("How do I add my own chain?")
    names = [name for name, _ in events]
    assert names[0] == "citation"
    assert "No model is configured" in text_of(events)
    assert "[1]" in text_of(events)
    done = events[-1][1]
    assert done["finish_reason"] == "stop"
    assert done["usage"]["total_tokens"] == 0
    assert "estimated" not in done["usage"]


def test_a_chain_that_lacks_its_model_names_the_setting(offline: Server) -> None:
    response = offline.chat("hello", chain="chat")
    assert response.status_code == 503
    error = response.json()["error"]
    assert error["code"] == "not_configured"
    assert "AZURE_OPENAI_ENDPOINT" in error["message"]


def test_the_documentation_is_answered_by_the_model_where_there_is_one(
    app: Server,
) -> None:
    events = app.events("standin:echo", chain="docs")
    received = json.loads(text_of(events))
    assert "Answer from the sources below" in received[0]["content"]
    assert received[-1]["content"] == "standin:echo"


def test_any_openai_compatible_server_answers_too(standin: StandIn) -> None:
    settings = {
        "OPENAI_BASE_URL": f"{standin.url}/v1",
        "OPENAI_MODEL": "llama",
        "OPENAI_API_KEY": standin.key,
        # Neither of these may be picked up by a library on its own.
        "AZURE_OPENAI_AD_TOKEN": "picked-up-by-accident",
        "OPENAI_ORG_ID": "",
    }
    with Server(settings) as server:
        events = server.events("standin:answer tokens=2 tag=compatible")
        assert text_of(events) == "tok0 tok1"
        assert events[-1][1]["deployment"] == "llama"
        [request] = standin.requests("compatible")
        assert request["headers"]["authorization"] == [f"Bearer {standin.key}"]
        assert "api-key" not in request["headers"]
        assert request["body"]["model"] == "llama"


def test_a_key_in_the_environment_never_replaces_the_configured_one(
    standin: StandIn,
) -> None:
    foreign = {
        "OPENAI_API_KEY": "foreign",
        "AZURE_OPENAI_AD_TOKEN": "foreign",
    }
    settings = {
        "AZURE_OPENAI_ENDPOINT": standin.url,
        "AZURE_OPENAI_DEPLOYMENT": "gpt-4o",
        "AZURE_OPENAI_KEY": standin.key,
    }
    with Server({**settings, **foreign}) as server:
        assert server.chat("standin:answer tag=foreign").status_code == 200
    [request] = standin.requests("foreign")
    assert request["headers"]["api-key"] == [standin.key]
    assert "authorization" not in request["headers"]
