"""npm's `openai`, the AI SDK's defaults and LiteLLM ask a deployment for responses."""

import json
from typing import Any

import pytest

from tests.clients import python_scripts
from tests.clients.node_scripts import run
from tests.support.app_process import AppProcess

TOOL = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    "strict": False,
}
BOTH = ["streamed", "whole"]

openai = pytest.mark.client("openai-js-responses")
signatures = pytest.mark.parametrize("signature", ["azure", "v1"])
providers = pytest.mark.parametrize("provider", ["azureDefault", "openaiDefault"])


def ask(app: AppProcess, signature: str, question: str, *ways: str, **more: Any) -> Any:
    given = {"url": app.url, "model": "gpt-4o", "question": question, **more}
    ways = ways or tuple(BOTH)
    return run("openai_proxied_responses.mjs", signature=signature, ways=ways, **given)


def ask_ai(app: AppProcess, provider: str, question: str, **more: Any) -> Any:
    given = {"url": app.url, "model": "gpt-4o", "question": question, **more}
    return run("ai.mjs", provider=provider, **given)


@openai
@pytest.mark.tries("stream")
@signatures
def test_openai_gets_a_response_streamed_and_whole(
    app: AppProcess, signature: str
) -> None:
    told = ask(app, signature, "standin:answer tokens=3")
    for way in BOTH:
        assert told[way]["text"] == "tok0 tok1 tok2", told
        assert (told[way]["status"], told[way]["tokens"]) == ("completed", 3)
    assert told["streamed"]["pieces"] == 3


@openai
@pytest.mark.tries("tools")
@signatures
def test_openai_gets_the_calls(app: AppProcess, signature: str) -> None:
    told = ask(app, signature, "standin:tools", tools=[TOOL])
    for way in BOTH:
        [call] = told[way]["calls"]
        assert (call["name"], json.loads(call["args"])) == (
            "get_weather",
            {"city": "Paris"},
        )


@openai
@pytest.mark.tries("error")
@signatures
def test_openai_gets_each_error(app: AppProcess, signature: str) -> None:
    told = ask(app, signature, "standin:rate_limited retry_after=7")
    for way in BOTH:
        error = told[way]["error"]
        assert (error["status"], error["retryAfter"]) == (429, "7"), told
    told = ask(app, signature, "standin:error_event tokens=2", *BOTH, "again")
    assert told["streamed"]["status"] == "failed"
    assert told["whole"]["error"]["status"] == 500
    told = ask(app, signature, "standin:drop tokens=2", "streamed")
    assert "connection to the model was lost" in told["streamed"]["error"]["message"]


@openai
@pytest.mark.tries("resume", "stop")
@signatures
def test_openai_finds_reads_on_and_stops_a_response(
    app: AppProcess, signature: str
) -> None:
    told = ask(app, signature, "standin:answer tokens=4", "again", "resumed")
    assert (told["again"]["text"], told["again"]["items"]) == (
        "tok0 tok1 tok2 tok3",
        1,
    ), told
    assert told["resumed"]["numbers"] == list(range(12))
    told = ask(app, signature, "standin:silent", "stopped")
    assert told["stopped"] == {"status": "cancelled"}


@pytest.mark.tries("stream")
@providers
def test_the_ai_sdks_default_model_answers(app: AppProcess, provider: str) -> None:
    told = ask_ai(app, provider, "standin:reasoning tokens=3")
    for way in BOTH:
        assert told[way]["text"] == "tok0 tok1 tok2", told
        assert (told[way]["finishReason"], told[way]["tokens"]) == ("stop", 10)


@pytest.mark.tries("tools")
@providers
def test_the_ai_sdks_default_model_calls_tools(app: AppProcess, provider: str) -> None:
    told = ask_ai(app, provider, "standin:tools", callTools=True)
    for way in BOTH:
        assert told[way]["calls"] == [
            {"name": "get_weather", "input": {"city": "Paris"}}
        ], told
        assert told[way]["finishReason"] == "tool-calls"


@pytest.mark.tries("error")
@providers
@pytest.mark.parametrize(
    ("scenario", "status"), [("rate_limited", 429), ("prompt_filtered", 400)]
)
def test_the_ai_sdks_default_model_gets_each_error(
    app: AppProcess, provider: str, scenario: str, status: int
) -> None:
    told = ask_ai(app, provider, f"standin:{scenario}")
    for way in BOTH:
        assert told[way]["error"]["status"] == status, told


@pytest.mark.tries("error")
@providers
def test_the_ai_sdk_takes_no_broken_stream_for_an_answer(
    app: AppProcess, provider: str
) -> None:
    for scenario in ("error_event tokens=2", "drop tokens=2", "cut tokens=2"):
        told = ask_ai(app, provider, f"standin:{scenario}")["streamed"]
        assert "error" in told or told["finishReason"] in ("error", "other"), told


@pytest.mark.timeout(150)  # It takes half a minute to import.
@pytest.mark.client("litellm")
@pytest.mark.tries("stream", "tools", "error")
def test_litellm_gets_responses(app: AppProcess) -> None:
    told = python_scripts.run("litellm", app, "gpt-4o", seconds=110)
    assert told == {
        "whole": "tok0 tok1 tok2",
        "streamed": "tok0 tok1 tok2",
        "last": "response.completed",
        "call": ["get_weather", '{"city":"Paris"}'],
        "busy": "RateLimitError",
        "lost": "raised",
    }
