"""What Function-SSE-Proxy does wrong.

Its contract is Azure OpenAI's own, `POST /api/openai/deployments/{deployment}/chat/
completions?api-version=`, and `POST /api/aoaifn` in an earlier state: chat completions,
proxied, streamed or not.
"""

import json
from hashlib import sha256
from typing import Any

import httpx
import pytest
from httpx_sse import EventSource
from openai import AzureOpenAI

import settings
from tests.conftest import azure
from tests.event_hubs.emulator import EventHubs
from tests.event_hubs.faults import Faults
from tests.server import Server, until
from tests.standin.process import StandIn

PATH = "/api/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
EARLIER_PATH = "/api/aoaifn"
CHAIN = PATH.replace("gpt-4o", "chat")
PATHS = pytest.mark.parametrize("path", [PATH, EARLIER_PATH])


def body(user: str, **fields: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": user}], **fields}


def ask(app: Server, path: str, user: str, **fields: Any) -> httpx.Response:
    return app.client.post(path, json=body(user, **fields))


def frames(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [event.data for event in EventSource(response).iter_sse()]


def text_of(frames: list[str]) -> str:
    chunks = [json.loads(data) for data in frames if data != "[DONE]"]
    choices = [choice for chunk in chunks for choice in chunk.get("choices", ())]
    return "".join(choice.get("delta", {}).get("content") or "" for choice in choices)


@PATHS
def test_its_own_request_still_works(app: Server, path: str) -> None:
    streamed = frames(ask(app, path, "standin:answer tokens=3", stream=True))
    assert text_of(streamed) == "tok0 tok1 tok2"
    assert streamed[-1] == "[DONE]"
    whole = ask(app, path, "standin:answer tokens=3")
    assert whole.json()["choices"][0]["message"]["content"] == "tok0 tok1 tok2"
    assert whole.headers["x-ms-region"]


@PATHS
def test_one_answer_does_not_keep_all_others_waiting(
    app: Server, standin: StandIn, path: str
) -> None:
    """Its blocking client holds the event loop for as long as an answer takes."""
    tag = f"fnsse-long-{path == PATH}"
    asked = body(f"standin:answer tokens=20 delay_ms=100 tag={tag}", stream=True)
    with app.client.stream("POST", path, json=asked) as response:
        lines = response.iter_lines()
        next(lines)
        assert app.client.get("/api/health").status_code == 200
        short = frames(ask(app, path, "standin:answer tokens=2", stream=True))
        assert text_of(short) == "tok0 tok1"
        [long] = standin.requests(tag)
        assert long["outcome"] == "open"
        rest = list(lines)
    assert rest.count("data: [DONE]") == 1


def test_the_model_that_sdks_put_into_the_body_is_no_error(app: Server) -> None:
    with AzureOpenAI(
        azure_endpoint=f"{app.url}/api",
        api_key="any",
        api_version="2024-10-21",
        max_retries=0,
    ) as client:
        completion = client.chat.completions.create(
            model="gpt-4o", messages=[{"role": "user", "content": "standin:answer"}]
        )
    assert completion.choices[0].finish_reason == "stop"
    assert ask(app, PATH, "standin:answer", model="gpt-4o").status_code == 200


def test_the_callers_api_version_is_the_one_that_counts(
    app: Server, standin: StandIn
) -> None:
    path = PATH.replace("2024-10-21", "2025-03-01-preview")
    ask(app, path, "standin:answer tag=fnsse-version")
    [recorded] = standin.requests("fnsse-version")
    assert recorded["query"] == {"api-version": "2025-03-01-preview"}


def test_no_api_version_is_this_servers(app: Server, standin: StandIn) -> None:
    for path in (PATH.partition("?")[0], EARLIER_PATH):
        answer = ask(app, path, "standin:answer tag=fnsse-no-version")
        assert answer.status_code == 200
    versions = [each["query"] for each in standin.requests("fnsse-no-version")]
    assert versions == [{"api-version": "2024-10-21"}] * 2


@PATHS
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
    app: Server, path: str, directive: str, status: int, code: str | None, stream: bool
) -> None:
    response = ask(app, path, f"standin:{directive}", stream=stream)
    assert response.status_code == status
    error = response.json()["error"]
    assert isinstance(error, dict)
    assert code is None or error["code"] == code
    assert "Traceback" not in response.text
    if status == 429:
        assert response.headers["retry-after"] == "7"


@PATHS
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"messages": 1}', b"{}"])
def test_a_body_that_is_no_request_is_not_a_500(
    app: Server, path: str, content: bytes
) -> None:
    response = app.client.post(path, content=content)
    assert response.status_code == 400
    assert isinstance(response.json()["error"], dict)


@PATHS
@pytest.mark.parametrize("directive", ["async_filter", "async_block"])
def test_a_chunk_without_a_delta_is_a_chunk_like_any_other(
    app: Server, path: str, directive: str
) -> None:
    streamed = frames(ask(app, path, f"standin:{directive}", stream=True))
    chunks = [json.loads(data) for data in streamed if data != "[DONE]"]
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    assert any("delta" not in choice for choice in choices)
    assert text_of(streamed)
    assert "error" not in chunks[-1]


@pytest.mark.parametrize("path", [PATH, EARLIER_PATH, CHAIN])
def test_after_an_error_nothing_says_done(app: Server, path: str) -> None:
    *before, last = frames(ask(app, path, "standin:error_event tokens=2", stream=True))
    assert text_of(before) == "tok0 tok1"
    assert isinstance(json.loads(last)["error"], dict)


@PATHS
def test_a_connection_that_is_lost_upstream_is_lost_here(
    app: Server, path: str
) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        ask(app, path, "standin:drop tokens=2", stream=True)


@pytest.mark.parametrize("path", [PATH, EARLIER_PATH, CHAIN])
def test_an_answer_that_was_cut_is_not_done(app: Server, path: str) -> None:
    streamed = frames(ask(app, path, "standin:cut tokens=2", stream=True))
    assert text_of(streamed) == "tok0 tok1"
    assert "[DONE]" not in streamed
    assert not any('"finish_reason":"' in data for data in streamed)


@PATHS
def test_usage_is_recorded_though_nobody_asked_for_it(app: Server, path: str) -> None:
    for number, directive in enumerate(["answer tokens=3", "tools"]):
        request_id = f"fnsse-usage-{path == PATH}-{number}"
        headers = {"x-request-id": request_id}
        asked = body(f"standin:{directive}", stream=True)
        streamed = frames(app.client.post(path, json=asked, headers=headers))
        assert all("prompt_tokens" not in data for data in streamed)
        record = app.record(request_id)
        assert record["usage"]["completion_tokens"] > 0
        assert record["status"] == "ok"


def test_the_first_token_is_the_first_that_can_be_seen(app: Server) -> None:
    """Not the chunk with the prompt's filter results, which comes at once."""
    headers = {"x-request-id": "fnsse-first-token"}
    asked = body("standin:answer tokens=2 first_ms=400", stream=True)
    frames(app.client.post(PATH, json=asked, headers=headers))
    assert app.record("fnsse-first-token")["time_to_first_chunk_ms"] >= 400


@PATHS
def test_neither_question_nor_answer_is_in_the_log(app: Server, path: str) -> None:
    headers = {"x-request-id": f"fnsse-log-{path == PATH}"}
    asked = body("standin:answer text=a-secret-answer", stream=True)
    assert "secret" in text_of(
        frames(app.client.post(path, json=asked, headers=headers))
    )
    app.record(headers["x-request-id"])
    assert not any("secret-answer" in line for line in app.lines)
    assert not any("standin:" in line for line in app.lines)


@PATHS
def test_who_leaves_stops_the_model(app: Server, standin: StandIn, path: str) -> None:
    tag = f"fnsse-left-{path == PATH}"
    asked = body(f"standin:answer tokens=999 delay_ms=50 tag={tag}", stream=True)
    with app.client.stream("POST", path, json=asked) as response:
        next(response.iter_lines())
    until(lambda: standin.requests(tag)[0]["outcome"] == "closed_by_peer")


def test_the_hubs_name_is_read_and_a_blank_connection_string_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It reads no `AZURE_EVENTHUB_NAME`, and fails at each request for its sample's
    `"AZURE_EVENTHUB_CONN_STR": ""`.
    """
    monkeypatch.setenv("AZURE_EVENTHUB_CONN_STR", "")
    assert settings.load().event_hub is None
    conn_str = "Endpoint=sb://x.example/;SharedAccessKeyName=n;SharedAccessKey=k"
    monkeypatch.setenv("AZURE_EVENTHUB_CONN_STR", conn_str)
    with pytest.raises(settings.SettingsError, match="AZURE_EVENTHUB_NAME is missing"):
        settings.load()
    monkeypatch.setenv("AZURE_EVENTHUB_NAME", "usage")
    assert settings.load().event_hub == "usage"


@PATHS
def test_nobody_waits_for_the_event_hub(standin: StandIn, path: str) -> None:
    """It connects and sends within each request, before `[DONE]`."""
    with EventHubs({"usage": 1}) as hub:
        hub.faults.mute = "connection"
        sent_to = {"AZURE_EVENTHUB_CONN_STR": hub.connection_string("usage")}
        with Server(azure(standin, **sent_to)) as server:
            streamed = frames(ask(server, path, "standin:answer", stream=True))
            assert streamed[-1] == "[DONE]"
            assert hub.events("usage") == []
            hub.faults = Faults()
            hub.drop_connections()
            until(lambda: len(hub.events("usage")) == 1, 20)


def test_usage_is_the_callers_own_whatever_the_first_message_says(
    standin: StandIn,
) -> None:
    """It looks for `user` in `messages[0]`, so all of it is `default_user`'s."""
    keys = ["caller-key-1", "caller-key-2"]
    with Server(azure(standin, API_KEYS=",".join(keys))) as server:
        principals = []
        for key in keys:
            headers = {"api-key": key, "x-request-id": f"of-{key[-1]}"}
            asked = body("standin:answer") | {"user": "somebody-else"}
            asked["messages"][0]["user"] = "default_user"
            server.client.post(PATH, json=asked, headers=headers)
            principals.append(server.record(headers["x-request-id"])["principal"])
    hashes = [sha256(key.encode()).hexdigest()[:8] for key in keys]
    assert principals == [f"key:{each}" for each in hashes]
