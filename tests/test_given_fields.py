"""What counts as given: null does not, a BOM is no part of it; and what is refused."""

import gzip
import json
from codecs import BOM_UTF8
from typing import Any

import httpx
import pytest

from tests.standin.process import StandIn
from tests.support.app_process import AppProcess

ASKED = {"role": "user", "content": "standin:answer tokens=1"}
PARTS = {"role": "user", "parts": [{"type": "text", "text": ASKED["content"]}]}
NATIVE = ["/api/chat", "/api/http_trigger", "/api/chat-stream", "/api/stream"]
NATIVE += ["/api/chat/plain"]
COMPLETIONS = [
    "/openai/v1/chat/completions",
    "/openai/deployments/chat/chat/completions",
]
COMPLETIONS += ["/api/chat/openai"]
OTHERS = ["/api/chat/ui-message", "/api/chat/ag-ui", "/api/chat/responses"]
PATHS = [*NATIVE, *COMPLETIONS, *OTHERS]


def body_for(path: str) -> dict[str, Any]:
    """What asks the chain `chat` at *path*."""
    if path in COMPLETIONS:
        return {"model": "chat", "messages": [ASKED]}
    if path.endswith("responses"):
        return {"model": "chat", "input": [ASKED]}
    message = PARTS if path.endswith("ui-message") else ASKED
    return {"chain": "chat", "messages": [message]}


def post(app: AppProcess, path: str, body: bytes, **headers: str) -> httpx.Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return app.client.post(path, content=body, headers=names)


OPTIONAL = ("stream", "temperature", "top_p", "max_tokens", "stop", "seed")


@pytest.mark.parametrize("path", PATHS)
def test_null_is_not_given(app: AppProcess, path: str) -> None:
    nothing = dict.fromkeys((*OPTIONAL, "reasoning_effort"))
    if path in NATIVE:
        nothing |= dict.fromkeys(("user", "message", "system_prompt", "unknown"))
    if path not in COMPLETIONS:
        nothing |= {"chain": None}
    body = json.dumps({**body_for(path), **nothing}).encode()
    assert post(app, path, body).status_code == 200


@pytest.mark.parametrize("path", NATIVE)
def test_nor_is_a_list_of_messages_that_is_null(app: AppProcess, path: str) -> None:
    body = {"user": ASKED["content"], "messages": None, "chain": "chat"}
    assert app.client.post(path, json=body).status_code == 200


@pytest.mark.parametrize("path", [*NATIVE, *COMPLETIONS])
def test_nor_is_a_field_of_a_message(app: AppProcess, path: str) -> None:
    user = {**ASKED, "name": None, "tool_calls": None, "tool_call_id": None}
    function = {"name": "now", "arguments": None}
    call = {"id": "c", "type": None, "function": function}
    called = {"role": "assistant", "content": None, "tool_calls": [call], "name": None}
    result = {"role": "tool", "content": "noon", "tool_call_id": "c"}
    body = {**body_for(path), "messages": [user, called, result, user]}
    assert app.client.post(path, json=body).status_code == 200


@pytest.mark.parametrize("path", NATIVE)
def test_a_prompt_that_is_null_is_missed(app: AppProcess, path: str) -> None:
    for body in ({"user": None}, {"messages": None}, {"user": None, "message": None}):
        response = app.client.post(path, json=body)
        assert response.status_code == 400
        assert "user, messages: give exactly one of them" in response.text


@pytest.mark.parametrize("path", NATIVE)
def test_unknown_fields_are_named_beside_what_is_missing(
    app: AppProcess, path: str
) -> None:
    response = app.client.post(path, json={"question": "?", "k": 1})
    assert response.status_code == 400
    assert "user, messages: give exactly one of them" in response.text
    assert "question: is not a known field; k: is not a known field" in response.text


def test_many_and_long_unknown_names_make_no_long_message(app: AppProcess) -> None:
    names = [f"{number}{'x' * 5000}" for number in range(90)]
    response = app.client.post("/api/chat", json=dict.fromkeys(names, 1))
    assert response.status_code == 400
    assert len(response.json()["error"]["message"]) < 1000


@pytest.mark.parametrize("path", PATHS)
def test_a_byte_order_mark_is_passed_over(app: AppProcess, path: str) -> None:
    body = BOM_UTF8 + json.dumps(body_for(path)).encode()
    assert post(app, path, body).status_code == 200


def test_so_it_is_in_a_proxied_call(app: AppProcess) -> None:
    body = {"model": "gpt-4o", "messages": [ASKED]}
    content = BOM_UTF8 + json.dumps(body).encode()
    assert post(app, COMPLETIONS[0], content).status_code == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "encoding", ["gzip", "GZip", "br", "deflate", "gzip, identity"]
)
def test_a_compressed_body_is_415(
    app: AppProcess, standin: StandIn, path: str, encoding: str
) -> None:
    before = standin.count()
    body = gzip.compress(json.dumps(body_for(path)).encode())
    response = post(app, path, body, content_encoding=encoding)
    assert response.status_code == 415
    assert "compressed" in response.text
    assert standin.count() == before


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "kind",
    ["text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "image/png"],
)
def test_a_body_that_is_no_json_by_its_type_is_415(
    app: AppProcess, path: str, kind: str
) -> None:
    body = json.dumps(body_for(path)).encode()
    response = post(app, path, body, content_type=kind)
    assert response.status_code == 415
    assert "application/json" in response.text


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content_type": ""},
        {"content_type": "Application/JSON ; charset=utf-8"},
        {"content_type": "application/vnd.api+json"},
        {"content_type": "text/json"},
        {"content_encoding": "identity"},
    ],
)
def test_json_by_its_type_or_without_one_is_read(
    app: AppProcess, path: str, headers: dict[str, str]
) -> None:
    body = json.dumps(body_for(path)).encode()
    assert post(app, path, body, **headers).status_code == 200


def test_415_is_in_openais_shape_there_and_in_ours_here(app: AppProcess) -> None:
    theirs = post(app, COMPLETIONS[0], b"", content_encoding="gzip").json()["error"]
    assert (theirs["code"], theirs["type"]) == (
        "unsupported_media_type",
        "invalid_request_error",
    )
    ours = post(app, "/api/chat", b"", content_encoding="gzip").json()["error"]
    assert (ours["code"], ours["status"], ours["retryable"]) == (
        "unsupported_media_type",
        415,
        False,
    )


def test_a_deployment_in_the_path_gets_a_compressed_body_as_it_is(
    app: AppProcess, standin: StandIn
) -> None:
    path = "/openai/deployments/gpt-4o/chat/completions"
    body = gzip.compress(json.dumps({"messages": [ASKED]}).encode())
    assert post(app, path, body, content_encoding="gzip").status_code != 415


PAPER = {"file_data": "data:application/pdf;base64,eA==", "filename": "a.pdf"}


@pytest.mark.parametrize(
    "more",
    [
        {"text": "x"},
        {"text": None},
        {"url": "x"},
        {"file_id": "x"},
        {"base64": ""},
        {"source_type": "base64"},
        {"source_type": "text", "url": "x"},
        {"image_url": {}},
    ],
)
@pytest.mark.parametrize(
    "part",
    [
        {"type": "file", "file": PAPER},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        {"type": "text", "text": "hello"},
    ],
)
def test_of_a_part_only_what_is_of_its_type_reaches_the_model(
    app: AppProcess, standin: StandIn, part: dict[str, Any], more: dict[str, Any]
) -> None:
    content = [{**more, **part}, {"type": "text", "text": ASKED["content"]}]
    body = {"messages": [{"role": "user", "content": content}]}
    assert app.client.post("/api/chat", json=body).status_code == 200
    sent: Any = standin.requests()[-1]["body"]["messages"]
    assert sent[-1]["content"][0] == part
