"""The stand-in as its callers see it: Azure's addresses, keys, headers and chunks."""

import json
import subprocess
import sys

import httpx
import pytest

from tests.standin.caller import CLASSIC, V1, asking, events, last, pieces, post
from tests.standin.process import ROOT, StandIn


def test_an_answer_has_the_chunks_of_azure(standin: StandIn) -> None:
    response = post(standin, "standin:answer tokens=2 cached=3")
    first, role, one, two, finish, usage, done = events(response)
    assert json.loads(first)["id"] == ""
    assert json.loads(first)["choices"] == []
    assert json.loads(first)["prompt_filter_results"][0]["prompt_index"] == 0
    assert json.loads(role)["choices"][0]["delta"] == {
        "role": "assistant",
        "content": "",
        "refusal": None,
    }
    assert json.loads(one)["choices"][0]["delta"] == {"content": "tok0"}
    assert json.loads(two)["choices"][0]["delta"] == {"content": " tok1"}
    assert "hate" in json.loads(two)["choices"][0]["content_filter_results"]
    assert json.loads(finish)["choices"][0]["finish_reason"] == "stop"
    assert json.loads(usage)["choices"] == []
    assert json.loads(usage)["usage"]["completion_tokens"] == 2
    assert json.loads(usage)["usage"]["prompt_tokens_details"]["cached_tokens"] == 3
    assert done == "[DONE]"


def test_the_headers_are_those_of_azure(standin: StandIn) -> None:
    response = post(standin, "hello")
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["x-ms-region"] == "Sweden Central"
    for name in ("apim-request-id", "x-request-id", "x-ratelimit-remaining-tokens"):
        assert response.headers[name]


def test_v1_has_no_prompt_filter_chunk(standin: StandIn) -> None:
    for path in (V1, "/v1/chat/completions"):
        response = post(standin, "standin:answer tokens=1", path=path)
        assert len(events(response)) == 5
        assert "prompt_filter_results" not in response.text


def test_usage_comes_only_where_it_is_asked_for(standin: StandIn) -> None:
    response = httpx.post(
        standin.url + V1,
        json=asking("standin:answer tokens=1", stream_options=None),
        headers={"api-key": standin.key},
    )
    assert last(response)["usage"] is None


def test_without_stream_the_answer_is_one_object(standin: StandIn) -> None:
    response = httpx.post(
        standin.url + CLASSIC,
        json=asking("standin:tools calls=2", stream=False),
        headers={"api-key": standin.key},
    )
    choice = response.json()["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    calls = [call["function"]["arguments"] for call in choice["message"]["tool_calls"]]
    assert calls == ['{"city":"Paris"}', '{"city":"London"}']


def test_own_text_comes_in_pieces_of_its_size(standin: StandIn) -> None:
    response = post(standin, "standin:answer text=a%20b%3Dc size=2")
    assert pieces(response) == ["a ", "b=", "c"]


def test_content_parts_are_read_like_text(standin: StandIn) -> None:
    parts = [{"type": "text", "text": "standin:length tokens=1"}]
    response = httpx.post(
        standin.url + V1,
        json=asking("", messages=[{"role": "user", "content": parts}]),
        headers={"api-key": standin.key},
    )
    assert '"finish_reason":"length"' in response.text


@pytest.mark.parametrize(
    ("headers", "path", "status"),
    [
        ({"api-key": "standin-key"}, CLASSIC, 200),
        ({"api-key": "standin-key"}, V1, 200),
        ({"authorization": "Bearer standin-token"}, CLASSIC, 200),
        ({"authorization": "Bearer standin-token"}, V1, 200),
        ({"authorization": "Bearer standin-key"}, V1, 200),
        ({"authorization": "Bearer standin-key"}, CLASSIC, 401),
        ({"api-key": "wrong"}, CLASSIC, 401),
        ({}, V1, 401),
        ({"api-key": "standin-key"}, CLASSIC.partition("?")[0], 404),
        ({"api-key": "standin-key"}, CLASSIC.replace("gpt-4o", "missing"), 404),
    ],
)
def test_a_caller_needs_a_key_and_the_right_address(
    standin: StandIn, headers: dict[str, str], path: str, status: int
) -> None:
    response = httpx.post(standin.url + path, json=asking("hi"), headers=headers)
    assert response.status_code == status


def test_sigterm_ends_it_quietly_while_it_answers() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.standin"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    url = process.stdout.readline().split()[1]
    with httpx.stream(
        "POST",
        url + V1,
        json=asking("standin:silent"),
        headers={"api-key": "standin-key"},
    ):
        process.terminate()
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")
