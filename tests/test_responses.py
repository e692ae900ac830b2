"""Chains that ask the Responses API: `AZURE_OPENAI_API=responses`, or told to."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, read_events, text_of

CHAINS = "relayed=tests.support.example_models:relayed"


@pytest.fixture(scope="module")
def server(standin: StandIn) -> Iterator[AppProcess]:
    with AppProcess(
        azure(standin, AZURE_OPENAI_API="responses", CHAINS=CHAINS)
    ) as server:
        server.warm()
        yield server


@pytest.mark.parametrize("chain", ["chat", "relayed"])
def test_a_reasoning_models_summary_is_reasoning(
    standin: StandIn, server: AppProcess, chain: str
) -> None:
    prompt = f"standin:reasoning tag=summary-{chain}"
    events = server.events(prompt, chain=chain)
    thoughts = [data["delta_reasoning"] for name, data in events if name == "reasoning"]
    assert "".join(thoughts) == "The question is about France, so Europe."
    assert len(thoughts) == 7
    assert text_of(events).startswith("The capital of France is Paris")
    done = events[-1][1]
    assert (done["finish_reason"], done["deployment"]) == ("stop", "gpt-4o")
    assert done["usage"]["reasoning_tokens"] == 7
    whole = server.chat(prompt, chain=chain, stream=False).json()
    assert whole["reasoning"] == "".join(thoughts)
    assert whole["content"] == text_of(events)
    for request in standin.requests(f"summary-{chain}"):
        assert request["path"] == "/openai/v1/responses"
        assert request["query"] == {}
        body = request["body"]
        assert (body["model"], body["store"]) == ("gpt-4o", False)
        assert body["reasoning"] == {"summary": "auto"}


@pytest.mark.parametrize(
    ("scenario", "text", "reason"),
    [
        ("answer tokens=2", "tok0 tok1", "stop"),
        ("length tokens=2", "tok0 tok1", "length"),
        ("filtered tokens=2", "tok0 tok1", "content_filter"),
        ("refusal", "I cannot help with that.", "stop"),
        ("tools calls=2", "", "tool_calls"),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("chain", ["chat", "relayed"])
def test_it_ends_as_a_chat_completion_does(
    server: AppProcess, chain: str, stream: bool, scenario: str, text: str, reason: str
) -> None:
    response = server.chat(f"standin:{scenario}", chain=chain, stream=stream)
    if stream:
        events = read_events(response)
        done, found = events[-1][1], text_of(events)
        calls = [data["args"] for name, data in events if name == "tool_call"]
    else:
        done = response.json()
        found, calls = done["content"], [each["args"] for each in done["tool_calls"]]
    assert (found, done["finish_reason"]) == (text, reason)
    assert len(calls) == (2 if reason == "tool_calls" else 0)
    assert all(set(each) == {"city"} for each in calls)
    assert "estimated" not in done["usage"]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("scenario", "status", "code"),
    [
        ("rate_limited", 429, "rate_limited"),
        ("prompt_filtered", 400, "content_filter"),
        ("context_length", 400, "context_length_exceeded"),
        ("server_error", 502, "upstream_error"),
        ("error_event tokens=0", 502, "upstream_error"),
        ("drop_before", 502, "upstream_error"),
        ("drop tokens=0", 502, "upstream_error"),
        ("cut tokens=0", 502, "upstream_incomplete"),
    ],
)
def test_it_fails_as_a_chat_completion_does(
    server: AppProcess, scenario: str, status: int, code: str, stream: bool
) -> None:
    response = server.chat(f"standin:{scenario}", stream=stream)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (status, code)
    assert error["retryable"] is (status in (429, 502))


@pytest.mark.parametrize("fields", ["include", "reasoning.summary"])
def test_what_only_this_server_asks_for_is_left_out_if_it_is_refused(
    standin: StandIn, server: AppProcess, fields: str
) -> None:
    tag = f"left-out-{fields}"
    for _ in range(2):
        prompt = f"standin:picky fields={fields} tokens=2 tag={tag}"
        assert text_of(server.events(prompt)) == "tok0 tok1"
    asked = [json.dumps(each["body"]) for each in standin.requests(tag)]
    name = fields.rpartition(".")[2]
    assert [f'"{name}"' in each for each in asked][-1] is False
    assert len(asked) <= 3


def test_what_the_api_does_not_know_is_its_to_refuse(
    standin: StandIn, server: AppProcess
) -> None:
    given = {"seed": 7, "stop": ["x"], "temperature": 0.5, "max_tokens": 9}
    response = server.chat("standin:answer tokens=2 tag=unknown", **given)
    assert response.status_code == 200
    [request] = standin.requests("unknown")
    expected = {"seed": 7, "stop": ["x"], "temperature": 0.5, "max_output_tokens": 9}
    assert {name: request["body"].get(name) for name in expected} == expected


@pytest.mark.parametrize("chain", ["chat", "relayed"])
@pytest.mark.parametrize("stream", [True, False])
def test_a_refusal_that_names_it_is_heeded_from_then_on(
    standin: StandIn, chain: str, stream: bool
) -> None:
    tag = f"told-{chain}-{stream}"
    with AppProcess(azure(standin, CHAINS=CHAINS)) as server:
        for _ in range(2):
            prompt = f"standin:responses_only tokens=2 tag={tag}"
            response = server.chat(prompt, chain=chain, stream=stream)
            assert response.status_code == 200, response.text
            assert "tok1" in response.text
    paths = [each["path"].rpartition("/")[2] for each in standin.requests(tag)]
    assert paths == ["completions", "responses", "responses"]


def test_a_callers_form_tools_and_effort_reach_the_model(
    standin: StandIn, server: AppProcess
) -> None:
    form = {"name": "city", "schema": {"type": "object", "properties": {}}}
    function = {"name": "look_up", "parameters": {"type": "object", "properties": {}}}
    body = {
        "model": "chat",
        "messages": [{"role": "user", "content": "standin:answer tag=asked-for"}],
        "response_format": {"type": "json_schema", "json_schema": form},
        "tools": [{"type": "function", "function": function}],
        "reasoning_effort": "low",
    }
    answer = server.client.post("/openai/v1/chat/completions", json=body)
    assert answer.status_code == 200, answer.text
    [request] = standin.requests("asked-for")
    sent: dict[str, Any] = request["body"]
    assert sent["reasoning"]["effort"] == "low"
    assert sent["text"]["format"]["name"] == "city"
    assert [tool["name"] for tool in sent["tools"]] == ["look_up"]
    assert "response_format" not in sent
