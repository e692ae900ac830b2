"""What azure-functions-python-cookbook's `streaming_ai_response` does wrong or lacks.

Its contract is `POST /api/stream` with `{"message", "system_prompt"}`, answered by
`data: {"delta": …}`, then `event: done` with `{"status": "completed"}`.
"""

import json
from typing import Any

import httpx
import pytest

import settings
from tests.server import Answer, Server, read_events

PATH = "/api/stream"


def ask(app: Server, message: str, **fields: Any) -> httpx.Response:
    return app.client.post(PATH, json={"message": message, **fields})


def test_its_own_request_still_works(app: Server) -> None:
    asked = {"system_prompt": "You are a helpful assistant."}
    assert read_events(ask(app, "standin:answer tokens=2", **asked)) == [
        ("message", {"delta": "tok0"}),
        ("message", {"delta": " tok1"}),
        ("done", {"status": "completed"}),
    ]


def test_its_own_settings_still_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "https://name.openai.azure.com")
    monkeypatch.setenv("AZURE_OPENAI_KEY", "the-key")
    monkeypatch.setenv("AZURE_OPENAI_CHAT_DEPLOYMENT", "gpt-4o")
    monkeypatch.setenv("AZURE_OPENAI_API_VERSION", "2024-02-01")
    loaded = settings.load()
    assert loaded.azure_openai_api_key
    assert loaded.azure_openai_api_key.get_secret_value() == "the-key"
    assert loaded.azure_openai_deployment == "gpt-4o"
    assert loaded.azure_openai_api_version == "2024-02-01"


def test_the_first_delta_does_not_wait_for_the_last_token(app: Server) -> None:
    """It joined all frames and sent them in one body."""
    asked = {"message": "standin:answer tokens=20 delay_ms=100"}
    with app.client.stream("POST", PATH, json=asked) as response:
        first = next(response.iter_bytes())
        assert first.startswith(b'data: {"delta":"tok0"}\n\n')
        assert b"tok19" not in first


def test_one_slow_answer_does_not_hold_up_another(app: Server) -> None:
    """Its client blocked the worker's thread until the whole answer was there."""
    slow = {"message": "standin:answer tokens=20 delay_ms=100"}
    with app.client.stream("POST", PATH, json=slow) as response:
        answer = Answer(response)
        assert answer.next() == ("message", {"delta": "tok0"})
        fast = read_events(ask(app, "standin:answer tokens=2"))
        assert fast[-1] == ("done", {"status": "completed"})
        assert answer.next() == ("message", {"delta": " tok1"})


def test_it_still_answers_where_no_model_is_configured(offline: Server) -> None:
    events = read_events(ask(offline, "How do I add my own chain?"))
    assert events[0] == ("message", {"delta": "No"})
    assert events[-1] == ("done", {"status": "completed"})


def test_not_everyone_may_call(small: Server) -> None:
    asked = {"message": "standin:answer"}
    assert httpx.post(small.url + PATH, json=asked).status_code == 401
    assert small.client.post(PATH, json=asked).status_code == 200


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b"{not json", "not JSON"),
        (b"{}", "user, messages"),
        (b'{"message": ""}', "message"),
        (b'{"message": 1}', "message"),
        (b'{"message": "x", "system_prompt": 1}', "system_prompt"),
        (b'{"message": "x", "system": "y"}', "system"),
    ],
)
def test_a_bad_request_is_a_400_that_names_the_field(
    app: Server, content: bytes, field: str
) -> None:
    response = app.client.post(PATH, content=content)
    assert response.status_code == 400
    assert field in response.json()["error"]["message"]


@pytest.mark.parametrize(
    ("scenario", "status"),
    [("rate_limited", 429), ("unauthorized", 502), ("server_error", 502)],
)
def test_an_error_of_the_model_is_a_status(
    app: Server, scenario: str, status: int
) -> None:
    assert ask(app, f"standin:{scenario}").status_code == status


@pytest.mark.parametrize("scenario", ["error_event", "cut", "drop", "malformed"])
def test_an_answer_that_broke_off_is_not_completed(app: Server, scenario: str) -> None:
    (name, error), done = read_events(ask(app, f"standin:{scenario} tokens=2"))[-2:]
    assert (name, error["error"]["status"]) == ("error", 502)
    assert done == ("done", {"status": "failed"})


def test_it_can_go_on_with_a_conversation(app: Server) -> None:
    history = [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "two"},
        {"role": "user", "content": "standin:echo"},
    ]
    answer = app.client.post(PATH, json={"messages": history, "stream": False}).json()
    assert json.loads(answer["message"])[1:] == history


def test_usage_latency_and_the_finish_reason_are_recorded(app: Server) -> None:
    response = ask(app, "standin:length tokens=2")
    record = app.record(response.headers["x-request-id"])
    assert record["dialect"] == "delta"
    assert record["finish_reason"] == "length"
    assert record["usage"]["completion_tokens"] > 0
    assert record["latency_ms"] >= record["time_to_first_chunk_ms"]


def test_a_silent_model_is_no_silent_stream(impatient: Server) -> None:
    events = read_events(ask(impatient, "standin:answer tokens=1 first_ms=900"))
    assert events[0] == ("message", {"delta": ""})
    assert events[-1] == ("done", {"status": "completed"})
