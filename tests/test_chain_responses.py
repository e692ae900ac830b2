"""Responses of chains over HTTP: Open Responses' own rules, faults, and cut streams.

See: https://www.openresponses.org/compliance
"""

import json
from typing import Any

import httpx
import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from streaming import sse
from tests.support.app_process import AppProcess

PATH = "/openai/v1/responses"
TELLS: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
IMAGE = "data:image/png;base64,iVBORw0KGgo="
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "Get the current weather for a location",
    "parameters": {
        "type": "object",
        "properties": {"location": {"type": "string"}},
        "required": ["location"],
    },
}
REQUIRED = {
    *("id", "object", "created_at", "completed_at", "status", "incomplete_details"),
    *("model", "previous_response_id", "instructions", "output", "error", "tools"),
    *("tool_choice", "truncation", "parallel_tool_calls", "text", "top_p"),
    *("presence_penalty", "frequency_penalty", "top_logprobs", "temperature"),
    *("reasoning", "usage", "max_output_tokens", "max_tool_calls", "store", "user"),
    *("background", "service_tier", "metadata", "safety_identifier"),
    "prompt_cache_key",
}
"""The fields that Open Responses requires of a response, in any version of it."""


def said(role: str, content: Any) -> dict[str, Any]:
    return {"type": "message", "role": role, "content": content}


CASES: dict[str, dict[str, Any]] = {
    "basic": {"input": [said("user", "Say hello in exactly 3 words.")]},
    "system prompt": {"input": [said("system", "A pirate."), said("user", "Hello.")]},
    "tool calling": {"input": [said("user", "standin:tools")], "tools": [WEATHER]},
    "image": {
        "input": [
            said(
                "user",
                [
                    {"type": "input_text", "text": "What is this?"},
                    {"type": "input_image", "image_url": IMAGE},
                ],
            )
        ]
    },
    "several turns": {
        "input": [
            said("user", "My name is Alice."),
            said("assistant", "Hello Alice!"),
            said("user", "What is my name?"),
        ]
    },
}


def ask(app: AppProcess, **fields: Any) -> httpx.Response:
    return app.client.post(PATH, json={"model": "chat", **fields})


def events(body: bytes) -> list[dict[str, Any]]:
    """As Open Responses has them: named by their type, numbered, and then `[DONE]`."""
    *frames, done, rest = body.decode().split("\n\n")
    assert (done, rest) == ("data: [DONE]", "")
    found = []
    for frame in frames:
        *_, name, data = frame.split("\n")
        read = json.loads(data.removeprefix("data: "))
        assert name == f"event: {read['type']}"
        assert TELLS.validate_python(read).type == read["type"]
        found.append(read)
    assert [each["sequence_number"] for each in found] == [*range(len(found))]
    return found


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("stream", [False, True])
def test_what_open_responses_asks_is_answered(
    app: AppProcess, name: str, stream: bool
) -> None:
    answer = ask(app, **CASES[name], stream=stream)
    assert answer.status_code == 200, answer.text
    if stream:
        assert answer.headers["content-type"].startswith("text/event-stream")
        found = events(answer.content)
        assert found[0]["type"] == "response.created"
        kinds = [each["type"] for each in found]
        response = found[-1]["response"]
    else:
        assert answer.headers["content-type"] == "application/json"
        response, kinds = answer.json(), []
    Response.model_validate(response)
    assert response.keys() >= REQUIRED
    assert (response["status"], response["model"]) == ("completed", "chat")
    assert response["output"]
    if name == "tool calling":
        assert [each["type"] for each in response["output"]] == ["function_call"]
        told = "response.function_call_arguments"
        assert not stream or {f"{told}.delta", f"{told}.done"} <= {*kinds}


def test_a_refusal_is_a_part_of_its_own(app: AppProcess) -> None:
    for stream in (False, True):
        answer = ask(app, input="standin:refusal", stream=stream)
        made = events(answer.content)[-1]["response"] if stream else answer.json()
        [item] = made["output"]
        [part] = item["content"]
        assert part == {"type": "refusal", "refusal": "I cannot help with that."}


@pytest.mark.parametrize(
    ("scenario", "reason"),
    [
        ("length", "max_output_tokens"),
        ("filtered", "content_filter"),
        ("async_block start=1 end=5", "content_filter"),
    ],
)
def test_an_answer_that_was_cut_says_so(
    app: AppProcess, scenario: str, reason: str
) -> None:
    made = ask(app, input=f"standin:{scenario}").json()
    assert (made["status"], made["incomplete_details"]) == (
        "incomplete",
        {"reason": reason},
    )
    *_, last = events(ask(app, input=f"standin:{scenario}", stream=True).content)
    assert last["type"] == "response.incomplete"
    assert last["response"]["incomplete_details"] == {"reason": reason}


BEFORE = {
    "prompt_filtered": (400, "content_filter"),
    "context_length": (400, "context_length_exceeded"),
    "bad_param": (400, "invalid_request"),
    "unauthorized": (502, "upstream_auth"),
    "not_found": (404, "deployment_not_found"),
    "rate_limited": (429, "rate_limited"),
    "server_error": (502, "upstream_error"),
    "drop_headers": (502, "upstream_error"),
}
LATER = ("error_event", "cut", "drop", "malformed")


@pytest.mark.parametrize("scenario", BEFORE)
@pytest.mark.parametrize("stream", [False, True])
def test_a_fault_before_the_answer_is_a_status(
    app: AppProcess, scenario: str, stream: bool
) -> None:
    answer = ask(app, input=f"standin:{scenario}", stream=stream)
    assert answer.headers["content-type"] == "application/json"
    error = answer.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert (answer.status_code, error["code"]) == BEFORE[scenario]


@pytest.mark.parametrize("scenario", LATER)
def test_a_later_fault_is_the_last_event(app: AppProcess, scenario: str) -> None:
    question = f"standin:{scenario} tokens=3"
    *_, last = events(ask(app, input=question, stream=True).content)
    assert last["type"] == "response.failed"
    assert last["response"]["error"]["code"] == "server_error"
    assert last["response"]["error"]["type"].startswith("upstream_")
    whole = ask(app, input=question)
    assert whole.status_code == 502
    assert whole.json()["error"]["code"].startswith("upstream_")


def test_a_stream_that_is_cut_anywhere_is_no_whole_answer(app: AppProcess) -> None:
    stream = ask(app, input="standin:answer tokens=4", stream=True).content
    told = [json.loads(each) for each in frames(stream) if each != b"[DONE]"]
    end = stream.index(b"event: response.completed")
    whole = stream.index(b"\n\n", end) + 2
    for cut in range(len(stream)):
        read = [json.loads(each) for each in frames(stream[:cut]) if each != b"[DONE]"]
        assert read == told[: len(read)]
        completed = [e for e in read if e["type"] == "response.completed"]
        assert bool(completed) == (cut >= whole)


def frames(stream: bytes) -> list[bytes]:
    return [*sse.DataDecoder().feed(stream)]


def test_one_chain_answers_on_any_wire_and_is_followed_on_another(
    app: AppProcess,
) -> None:
    repeated = {"instructions": "Be brief.", "metadata": {"a": "b"}}
    first = ask(app, input="standin:answer tokens=3", stream=True, **repeated)
    run_id = first.headers["x-run-id"]
    path = f"/api/runs/{run_id}/stream"
    again = app.client.get(path, params={"dialect": "responses"})
    assert again.content == first.content
    native = app.client.get(path, params={"dialect": "json"}).text
    assert native.count("delta_content") == 3
    body = {"user": "standin:answer tokens=3", "chain": "chat"}
    native_run = app.client.post("/api/chat", json=body).headers["x-run-id"]
    made = app.client.get(f"{PATH}/resp_{native_run.replace('-', '')}").json()
    assert made["output"][0]["content"][0]["text"] == "tok0 tok1 tok2"


@pytest.mark.parametrize(
    ("method", "below"),
    [("GET", ""), ("DELETE", ""), ("POST", "/cancel"), ("GET", "/input_items")],
)
@pytest.mark.parametrize("response", [f"resp_{'0' * 32}", "resp_1", "x", "é" * 200])
def test_a_response_that_is_not_there_is_404(
    app: AppProcess, method: str, below: str, response: str
) -> None:
    answer = app.client.request(method, f"{PATH}/{response}{below}")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


def test_what_cannot_be_gone_on_from_is_400(app: AppProcess) -> None:
    failed = ask(app, input="standin:cut tokens=2", stream=True)
    [first, *_] = events(failed.content)
    for before in (first["response"]["id"], f"resp_{'0' * 32}", "resp_1"):
        answer = ask(app, input="?", previous_response_id=before)
        assert answer.status_code == 400, before
        assert answer.json()["error"]["param"] == "previous_response_id"
    answer = ask(app, input="?", previous_response_id=None)
    assert answer.status_code == 200


def test_a_thread_that_is_deleted_takes_its_responses_along(app: AppProcess) -> None:
    made = ask(app, input="standin:answer tokens=1", conversation="conv_gone").json()
    path = f"{PATH}/{made['id']}"
    assert app.client.get(f"{path}/input_items").json()["data"]
    assert app.client.delete("/api/threads/conv_gone").status_code == 200
    assert app.client.get(path).status_code == 404
    answer = ask(app, input="?", previous_response_id=made["id"])
    assert answer.status_code == 400


def test_a_number_that_is_none_is_refused(app: AppProcess) -> None:
    path = f"{PATH}/{ask(app, input='standin:answer tokens=1').json()['id']}"
    for query in ("?stream=true&starting_after=x", "/input_items?limit=0"):
        assert app.client.get(path + query).status_code == 400
    seen = app.client.get(path + "?stream=true&starting_after=99")
    assert (seen.status_code, seen.content) == (200, b"data: [DONE]\n\n")


def test_the_input_is_listed_in_pages(app: AppProcess) -> None:
    turns = [said("user", "a"), said("assistant", "b"), said("user", "hello")]
    path = f"{PATH}/{ask(app, input=turns).json()['id']}/input_items"
    page = app.client.get(path, params={"limit": 2}).json()
    assert [each["role"] for each in page["data"]] == ["user", "assistant"]
    assert page["data"][0]["content"] == [{"type": "input_text", "text": "hello"}]
    assert page["has_more"]
    rest = app.client.get(path, params={"after": page["last_id"]}).json()
    assert [each["content"][0]["text"] for each in rest["data"]] == ["a"]
    assert not rest["has_more"]
    oldest = app.client.get(path, params={"order": "asc", "limit": 1}).json()
    assert oldest["first_id"] == rest["first_id"]
