"""Bad input: a clear answer that names the field, and nothing started upstream."""

import json
from contextlib import closing
from typing import Any

import httpx
import pytest

from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, until

HELLO = {"role": "user", "content": "hello"}


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b'{"user": "\xff"}', "JSON"),
        (b'{"user": NaN}', "JSON"),
        (b"[" * 20_000, "JSON"),
        (b'"hello"', "object"),
        (b"[]", "object"),
        (b"{}", "user, messages"),
        (b'{"user": "a", "messages": []}', "user, messages"),
        (b'{"user": "a", "message": "b"}', "user, messages"),
        (b'{"user": ""}', "user"),
        (b'{"user": null}', "user"),
        (b'{"user": 1}', "user"),
        (b'{"user": ["a"]}', "user"),
        (b'{"message": {}}', "message"),
        (b'{"messages": []}', "messages"),
        (b'{"messages": "hello"}', "messages"),
        (b'{"messages": [1]}', "messages.0"),
        (b'{"messages": [{"role": "user"}]}', "messages.0"),
        (b'{"messages": [{"content": "a"}]}', "messages.0.role"),
        (b'{"messages": [{"role": "boss", "content": "a"}]}', "messages.0.role"),
        (b'{"messages": [{"role": "user", "content": 1}]}', "messages.0.content"),
        (b'{"messages": [{"role": "user", "content": [{}]}]}', "content.0.type"),
        (b'{"messages": [{"role": "user", "content": "", "x": 1}]}', "messages.0.x"),
        (
            b'{"messages": [{"role": "user", "content": [{"type": "image"}]}]}',
            "messages.0.content.0.type",
        ),
        (
            b'{"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}',
            "messages.0.content.0: a part of type 'image_url' needs 'image_url'",
        ),
        (b'{"messages": [{"role": "tool", "content": "a"}]}', "tool_call_id"),
        (b'{"messages": [{"role": "assistant", "content": "a"}]}', "messages"),
        (b'{"user": "a", "stream": "yes"}', "stream"),
        (b'{"user": "a", "stream": 1}', "stream"),
        (b'{"user": "a", "temperature": 2.1}', "temperature"),
        (b'{"user": "a", "temperature": "1"}', "temperature"),
        (b'{"user": "a", "top_p": -0.1}', "top_p"),
        (b'{"user": "a", "max_tokens": 0}', "max_tokens"),
        (b'{"user": "a", "max_tokens": 1.5}', "max_tokens"),
        (b'{"user": "a", "stop": 1}', "stop"),
        (b'{"user": "a", "stop": []}', "stop"),
        (b'{"user": "a", "seed": "x"}', "seed"),
        (b'{"user": "a", "chain": 1}', "chain"),
        (b'{"user": "a", "top_k": 1}', "top_k"),
        (b'{"user": "a", "id": "x"}', "id"),
        (b'{"user": "a", "sampling": {}}', "sampling"),
        (b'{"user": "a", "limit_name": "max_tokens"}', "limit_name"),
        (b'{"user": "a", "max_completion_tokens": 5}', "max_completion_tokens"),
    ],
)
def test_bad_input_is_400_and_names_the_field(
    app: AppProcess, body: bytes, names: str
) -> None:
    response = app.client.post("/api/chat", content=body)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, "invalid_request")
    assert names in error["message"]
    assert len(error["message"]) < 1000
    assert error["retryable"] is False
    assert response.headers["x-should-retry"] == "false"
    assert response.headers["content-type"] == "application/json"


def test_the_message_names_the_choices(app: AppProcess) -> None:
    body = {"messages": [{"role": "boss", "content": "a"}]}
    message = app.client.post("/api/chat", json=body).json()["error"]["message"]
    assert "'system', 'developer', 'user', 'assistant' or 'tool'" in message


def test_bad_input_starts_nothing_upstream(app: AppProcess, standin: StandIn) -> None:
    before = standin.count()
    body = {"user": "standin:answer", "temperature": 9}
    assert app.client.post("/api/chat", json=body).status_code == 400
    assert standin.count() == before


@pytest.mark.parametrize(
    ("path", "fields", "names"),
    [
        ("/api/chat", {"chain": "nope"}, ["'nope'", "'chat'", "'docs'"]),
        ("/api/chat/nope", {}, ["'nope'", "'json'"]),
        ("/api/chat/__init__", {}, ["'json'"]),
        ("/api/chat", {"chain": "_model"}, ["'chat'"]),
        ("/api/chat", {"chain": "../x"}, ["'chat'"]),
        ("/api/chat", {"chain": "x" * 100_000}, ["'chat'"]),
    ],
)
def test_what_does_not_exist_is_404_and_names_what_does(
    app: AppProcess, path: str, fields: dict[str, Any], names: list[str]
) -> None:
    response = app.client.post(path, json={"user": "a", **fields})
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (404, "not_found")
    assert all(name in error["message"] for name in names)
    assert len(error["message"]) < 1000


def test_a_body_over_the_limit_is_413_whether_announced_or_not(
    small: AppProcess,
) -> None:
    body = json.dumps({"user": "x" * 3000}).encode()
    for content in (body, (body[at : at + 500] for at in range(0, len(body), 500))):
        response = small.client.post("/api/chat", content=content)
        error = response.json()["error"]
        assert (response.status_code, error["code"]) == (413, "too_large")
        assert "MAX_REQUEST_BYTES" in error["message"]


def test_a_body_far_over_the_limit_still_gets_its_answer(small: AppProcess) -> None:
    response = small.client.post("/api/chat", content=b"x" * 20_000_000)
    assert response.status_code == 413


def test_more_messages_than_allowed_are_413(small: AppProcess) -> None:
    response = small.client.post("/api/chat", json={"messages": [HELLO] * 4})
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (413, "too_large")
    assert "MAX_MESSAGES" in error["message"]
    allowed = small.client.post("/api/chat", json={"messages": [HELLO] * 3})
    assert allowed.status_code == 200


CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}


@pytest.mark.parametrize(
    "message",
    [
        {"role": "user", "content": [{"type": "text", "text": "a"}] * 13},
        {"role": "assistant", "content": "", "tool_calls": [CALL] * 13},
    ],
    ids=["parts", "calls"],
)
def test_more_parts_than_that_many_messages_have_are_413(
    small: AppProcess, message: dict[str, Any]
) -> None:
    """Each is work on the event loop, for LangChain and the model's SDK."""
    response = small.client.post("/api/chat", json={"messages": [message, HELLO]})
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (413, "too_large")
    assert "more than 12 content parts and tool calls" in error["message"]


@pytest.mark.parametrize(
    ("messages", "told"),
    [
        ([1] * 100_000, "messages.0: "),
        ([{}] * 40_000, "messages.0.role: is missing"),
        ([{"role": "user", "content": [1] * 100_000}], "messages.0.content.0: "),
        ([{"role": "assistant", "tool_calls": [1] * 100_000}], "tool_calls.0: "),
        ([{**HELLO, **dict.fromkeys(map(str, range(101)))}], "more than 100 fields"),
    ],
    ids=["messages", "empty", "parts", "calls", "fields"],
)
def test_of_many_errors_the_first_is_told(
    app: AppProcess, messages: list[Any], told: str
) -> None:
    response = app.client.post("/api/chat", json={"messages": messages})
    message = response.json()["error"]["message"]
    assert response.status_code == 400
    assert told in message
    assert len(message) < 300


@pytest.mark.parametrize("role", ["system", "developer"])
def test_a_callers_system_prompt_is_refused_where_so_set(
    small: AppProcess, role: str
) -> None:
    messages = [HELLO, {"role": role, "content": "obey"}, HELLO]
    response = small.client.post("/api/chat", json={"messages": messages})
    assert response.status_code == 400
    assert "messages.1.role" in response.json()["error"]["message"]


def test_a_callers_system_prompt_replaces_ours_where_so_set(standin: StandIn) -> None:
    settings = {
        "OPENAI_BASE_URL": f"{standin.url}/v1",
        "OPENAI_MODEL": "m",
        "OPENAI_API_KEY": standin.key,
        "CALLER_SYSTEM_PROMPT": "replace",
        "SYSTEM_PROMPT": "ours",
    }
    echo = {"role": "user", "content": "standin:echo"}
    theirs = {"role": "system", "content": "theirs"}
    with AppProcess(settings) as server:
        for messages, expected in [([echo], "ours"), ([theirs, echo], "theirs")]:
            body = {"messages": messages, "stream": False}
            answer = server.client.post("/api/chat", json=body).json()
            first = json.loads(answer["content"])[0]
            assert first == {"role": "system", "content": expected}


def test_one_stream_more_than_allowed_is_503_with_retry_after(
    small: AppProcess,
) -> None:
    def ask(seconds: int) -> httpx.Request:
        user = f"standin:answer tokens={seconds * 10} delay_ms=100"
        return small.client.build_request("POST", "/api/chat", json={"user": user})

    with httpx.Client(headers=small.client.headers, timeout=20) as client:
        streams = [client.send(ask(30), stream=True) for _ in range(2)]
        refused = client.send(ask(1))
        error = refused.json()["error"]
        assert (refused.status_code, error["code"]) == (503, "overloaded")
        assert refused.headers["retry-after"] == "1"
        assert error["retryable"] is True
        for stream in streams:
            stream.close()

        def is_free() -> bool:
            with closing(client.send(ask(1), stream=True)) as response:
                return response.status_code == 200

        until(is_free)  # It is once the server has seen them leave.


def test_a_function_key_is_asked_for_where_the_level_says_so(small: AppProcess) -> None:
    with httpx.Client(base_url=small.url) as stranger:
        for method, path in [
            ("POST", "/api/chat"),
            ("POST", "/api/chat/json"),
            ("POST", "/api/http_trigger"),
            ("GET", "/api/chains"),
            ("GET", "/api/stream-check"),
        ]:
            assert stranger.request(method, path).status_code == 401
        health = stranger.get("/api/health")
        assert (health.status_code, health.json()) == (200, {"status": "ok"})
        code = stranger.get("/api/chains?code=the-function-key")
        assert code.status_code == 200
    assert not any("the-function-key" in line for line in small.lines)
    assert not any("?" in line for line in small.lines if " devhost " in line)
