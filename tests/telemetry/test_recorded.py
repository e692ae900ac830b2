"""Every run, however it ended and in whatever wire, is one event in the hub."""

import json
import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.conftest import azure
from tests.event_hubs.consumer import read_all
from tests.event_hubs.emulator import EventHubs
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, until

HUB = "telemetry"
KEY = "caller-key-of-a-user"
PROXIED = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
FIELDS = {
    *("schema", "type", "id", "timestamp", "status", "finish_reason", "content"),
    *("prompt", "model", "deployment", "region", "backend", "chain", "dialect"),
    *("usage", "latency_ms", "time_to_first_chunk_ms", "streaming_duration_ms"),
    *("inter_token_ms", "error", "request_id", "invocation_id", "traceparent"),
    *("principal", "end_user", "metadata", "thread_id", "attempts", "cost"),
}


@pytest.fixture(scope="module")
def hub() -> Iterator[EventHubs]:
    with EventHubs({HUB: 2}) as hub:
        yield hub


@pytest.fixture(scope="module")
def server(standin: StandIn, hub: EventHubs) -> Iterator[AppProcess]:
    """The app with an event hub, API keys, and a deadline that a test can wait for."""
    settings = {
        "AZURE_EVENTHUB_CONN_STR": hub.connection_string(HUB),
        "API_KEYS": KEY,
        "REQUEST_DEADLINE_SECONDS": "4",
        "AZURE_OPENAI_REGION": "Elsewhere",
    }
    with AppProcess(azure(standin, **settings)) as server:
        server.warm()
        server.client.headers["api-key"] = KEY
        server.chat("standin:answer", stream=False)  # And this first one is slow too.
        yield server


def ask(server: AppProcess, path: str, user: str, **fields: Any) -> httpx.Response:
    """One question in whatever form *path* takes it; `x-request-id` is a new one."""
    message = {"role": "user", "content": user}
    body: dict[str, Any] = {"messages": [message], **fields}
    if "ui-message" in path:
        part = {"type": "text", "text": user}
        body = {"messages": [{"id": "1", "role": "user", "parts": [part]}]}
    if "responses" in path:
        body = {"input": user, **fields}
    headers = {"x-request-id": f"recorded-{uuid4()}"}
    return server.client.post(path, json=body, headers=headers)


def event(hub: EventHubs, request_id: str) -> dict[str, Any]:
    """The one event of the run that *request_id* started."""

    def found() -> list[Any]:
        bodies: list[Any] = [each.json() for each in hub.events(HUB)]
        return [body for body in bodies if body["request_id"] == request_id]

    until(lambda: bool(found()), 20)
    [body] = found()
    return dict(body)


CHAINS = [
    ("/api/chat", "json", True),
    ("/api/chat", "json", False),
    ("/api/chat/text", "text", True),
    ("/api/chat/delta", "delta", True),
    ("/api/chat/delta", "delta", False),
    ("/api/chat/openai", "openai", True),
    ("/api/chat/openai", "openai", False),
    ("/api/chat/ui-message", "ui-message", True),
    ("/api/chat/ag-ui", "ag-ui", True),
    ("/api/chat/ag-ui", "ag-ui", False),
    ("/api/chat/responses", "responses", True),
    ("/api/chat/responses", "responses", False),
]


@pytest.mark.parametrize(("path", "dialect", "stream"), CHAINS)
def test_a_chain_in_any_dialect_is_recorded(
    server: AppProcess, hub: EventHubs, path: str, dialect: str, stream: bool
) -> None:
    answer = ask(server, path, "standin:answer tokens=5 delay_ms=5", stream=stream)
    assert answer.status_code == 200, answer.text
    record = event(hub, answer.headers["x-request-id"])
    assert record.keys() == FIELDS
    assert (record["dialect"], record["chain"]) == (dialect, "chat")
    assert record["type"] == ("stream_completion" if stream else "completion")
    assert_whole(record)


@pytest.mark.parametrize("stream", [True, False])
def test_a_proxied_call_is_recorded(
    server: AppProcess, hub: EventHubs, stream: bool
) -> None:
    user = "standin:answer tokens=5 delay_ms=5"
    answer = ask(server, PROXIED, user, stream=stream, temperature=0.5)
    record = event(hub, answer.headers["x-request-id"])
    assert record.keys() == FIELDS
    assert (record["dialect"], record["chain"]) == ("openai", None)
    assert record["type"] == ("stream_completion" if stream else "completion")
    assert_whole(record, stream=stream)


def assert_whole(record: dict[str, Any], *, stream: bool = True) -> None:
    """*record* is of five tokens, whose usage the provider has sent."""
    assert (record["status"], record["finish_reason"]) == ("ok", "stop")
    assert record["content"] == "tok0 tok1 tok2 tok3 tok4"
    [message] = record["prompt"]
    assert message["role"] == "user"
    assert message["content"].startswith("standin:answer")
    usage = record["usage"]
    assert (usage["completion_tokens"], usage["estimated"]) == (5, False)
    total = usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["total_tokens"] == total
    assert record["deployment"] == "gpt-4o"
    assert re.fullmatch(r"127\.0\.0\.1:\d+", record["backend"])
    assert record["region"] == "Sweden Central"
    assert record["model"].startswith("gpt-4o-")
    first, rest = record["time_to_first_chunk_ms"], record["streaming_duration_ms"]
    assert record["latency_ms"] == first + rest
    if stream:
        gaps = record["inter_token_ms"]
        assert 0 < gaps["mean"] <= gaps["max"]
        assert 0 < gaps["p95"] <= gaps["max"]
    assert record["invocation_id"]
    assert record["principal"] == f"key:{sha256(KEY.encode()).hexdigest()[:8]}"
    assert record["timestamp"].endswith("Z")


ENDINGS = [
    ("server_error", "error", "error", "upstream_error"),
    ("error_event tokens=2", "error", "error", "upstream_error"),
    ("rate_limited retry_after=7", "error", "error", "rate_limited"),
    ("prompt_filtered", "content_filter", "error", "content_filter"),
    ("async_block", "content_filter", "content_filter", None),
    ("answer tokens=1000 delay_ms=50", "deadline", "deadline", "deadline"),
]


@pytest.mark.parametrize("path", ["/api/chat", PROXIED])
@pytest.mark.parametrize(("directive", "status", "finish", "code"), ENDINGS)
def test_however_a_run_ends_it_is_recorded(
    server: AppProcess,
    hub: EventHubs,
    path: str,
    directive: str,
    status: str,
    finish: str,
    code: str | None,
) -> None:
    answer = ask(server, path, f"standin:{directive}", stream=True)
    record = event(hub, answer.headers["x-request-id"])
    assert (record["status"], record["finish_reason"]) == (status, finish)
    assert (record["error"] or {}).get("code") == code
    assert record["prompt"][0]["content"] == f"standin:{directive}"
    assert record["deployment"] == "gpt-4o"


@pytest.mark.parametrize("path", ["/api/chat", PROXIED])
def test_a_caller_who_left_is_recorded(
    server: AppProcess, hub: EventHubs, path: str
) -> None:
    message = {"role": "user", "content": "standin:answer tokens=500 delay_ms=20"}
    headers = {"x-request-id": f"left-{path == PROXIED}"}
    body = {"messages": [message], "stream": True}
    with server.client.stream("POST", path, json=body, headers=headers) as answer:
        lines = answer.iter_lines()
        while "tok1" not in next(lines):
            pass
    record = event(hub, headers["x-request-id"])
    assert (record["status"], record["finish_reason"]) == ("cancelled", None)
    assert record["content"].startswith("tok0 tok1")
    assert record["usage"]["estimated"] is True
    assert record["usage"]["completion_tokens"] > 0


def test_a_request_that_began_nothing_is_no_run(
    server: AppProcess, hub: EventHubs
) -> None:
    answer = ask(server, "/api/chat", "standin:answer", temperature=9)
    assert answer.status_code == 400
    following = ask(server, "/api/chat", "standin:answer")
    event(hub, following.headers["x-request-id"])
    bodies: list[Any] = [each.json() for each in hub.events(HUB)]
    refused = answer.headers["x-request-id"]
    assert refused not in [body["request_id"] for body in bodies]


def test_the_callers_trace_is_in_the_record(server: AppProcess, hub: EventHubs) -> None:
    traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    headers = {"x-request-id": "traced", "traceparent": traceparent}
    body = {"user": "standin:answer"}
    server.client.post("/api/chat", json=body, headers=headers)
    assert event(hub, "traced")["traceparent"] == traceparent


def test_a_chain_without_a_model_is_recorded_too(
    server: AppProcess, hub: EventHubs
) -> None:
    answer = server.client.get("/api/stream-check")
    record = event(hub, answer.headers["x-request-id"])
    assert (record["chain"], record["deployment"]) == ("stream-check", "stream-check")
    assert (record["model"], record["backend"], record["region"]) == (None,) * 3
    assert record["usage"]["total_tokens"] == 0
    assert record["usage"]["estimated"] is False


def test_what_json_cannot_say_is_recorded_all_the_same(
    server: AppProcess, hub: EventHubs
) -> None:
    """Half of a surrogate pair, and an integer of more than 64 bits."""
    content = (
        rb'{"role":"user","content":"standin:answer \ud83d","n":123456789012345678901}'
    )
    body = b'{"messages":[%b],"stream":true}' % content
    headers = {"x-request-id": "odd", "content-type": "application/json"}
    server.client.post(PROXIED, content=body, headers=headers)
    prompt = event(hub, "odd")["prompt"]
    assert prompt[0]["n"] == 123456789012345678901
    assert prompt[0]["content"].endswith("\ud83d")


def test_everything_can_be_read_back_by_the_sdks_own_consumer(
    server: AppProcess, hub: EventHubs
) -> None:
    answer = ask(server, "/api/chat", "standin:answer")
    expected = event(hub, answer.headers["x-request-id"])
    stored = hub.events(HUB)
    read = read_all(hub.connection_string(HUB), HUB, len(stored), 20)
    bodies = [each.body_as_json() for each in read]
    assert expected in bodies
    assert len({each.message_id for each in read}) == len(stored)
    assert all(each.message_id == each.body_as_json()["id"] for each in read)


def test_nothing_of_it_is_in_the_log(server: AppProcess) -> None:
    answer = ask(server, "/api/chat", "standin:answer text=an-answer-nobody-logs")
    record = server.record(answer.headers["x-request-id"])
    assert record.keys() == FIELDS - {"content", "prompt"}
    told = "\n".join(server.lines)
    for secret in ("standin:", "an-answer-nobody-logs", KEY, "the-hubs-key"):
        assert secret not in told


def test_content_that_is_unwanted_is_nowhere(standin: StandIn, hub: EventHubs) -> None:
    settings = {
        "AZURE_EVENTHUB_CONN_STR": hub.connection_string(HUB),
        "TELEMETRY_CONTENT": "false",
    }
    hub.down()
    with AppProcess(azure(standin, **settings)) as server:
        for path in ("/api/chat", PROXIED):
            user = "standin:answer text=an-answer-nobody-keeps"
            answer = ask(server, path, user, stream=True)
            kept = journal(server)
            assert answer.headers["x-request-id"] in kept
            assert "standin:" not in kept
            assert "nobody-keeps" not in kept
            hub.up()
            record = event(hub, answer.headers["x-request-id"])
            assert (record["prompt"], record["content"]) == (None, None)
            assert record["usage"]["completion_tokens"] > 0


def test_without_a_hub_the_journal_has_neither(standin: StandIn) -> None:
    with AppProcess(azure(standin)) as server:
        for path in ("/api/chat", PROXIED):
            user = "standin:answer text=an-answer-nobody-keeps"
            answer = ask(server, path, user, stream=True)
            kept = journal(server)
            assert "standin:" not in kept
            assert "nobody-keeps" not in kept
            last = json.loads(kept.splitlines()[-1])
            assert last["request_id"] == answer.headers["x-request-id"]
            assert last["usage"]["completion_tokens"] > 0


def journal(server: AppProcess) -> str:
    """All that is in the files of *server*'s journal."""
    return "".join(path.read_text() for path in sorted(server.journal.glob("*.jsonl")))
