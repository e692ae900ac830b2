"""npm's `openai` and the AI SDK, on chains and on deployments that are proxied."""

import json
from typing import Any

import pytest

from tests.clients.node_scripts import run
from tests.support.aimock import ANSWER
from tests.support.app_process import AppProcess

OPENAI = [
    pytest.param(
        "openai.mjs",
        {"signature": signature},
        marks=pytest.mark.client("openai-js"),
        id=signature,
    )
    for signature in ("azure", "v1")
]
AI = [
    pytest.param(
        "ai.mjs",
        {"provider": provider},
        marks=pytest.mark.client(client),
        id=provider,
    )
    for client, provider in (
        ("ai-azure", "azure"),
        ("ai-azure", "azureV1"),
        ("ai-compatible", "compatible"),
        ("ai-compatible", "compatibleDeployment"),
    )
]

client = pytest.mark.parametrize(("script", "given"), [*OPENAI, *AI])


def ask(app: AppProcess, script: str, model: str, question: str, **given: Any) -> Any:
    return run(script, url=app.url, model=model, question=question, **given)


@pytest.mark.tries("stream")
@client
@pytest.mark.parametrize("model", ["gpt-4o", "chat"])
def test_an_answer_streams_and_comes_whole(
    app: AppProcess, script: str, given: dict[str, str], model: str
) -> None:
    told = ask(app, script, model, "standin:answer tokens=3", **given)
    for way in ("streamed", "whole"):
        assert told[way]["text"] == "tok0 tok1 tok2", told
        assert told[way]["finishReason"] == "stop"
        assert told[way]["tokens"] == 3


@client
def test_a_chain_without_a_model_answers(
    offline: AppProcess, script: str, given: dict[str, str]
) -> None:
    told = ask(offline, script, "docs", "How do I add my own chain?", **given)
    for way in ("streamed", "whole"):
        assert told[way]["text"].startswith("No model is configured"), told
        assert told[way]["finishReason"] == "stop"


@pytest.mark.tries("error")
@client
def test_an_unknown_model_is_a_404(
    app: AppProcess, script: str, given: dict[str, str]
) -> None:
    told = ask(app, script, "nope", "hello", **given)
    for way in ("streamed", "whole"):
        assert told[way]["error"]["status"] == 404, told


@pytest.mark.tries("error")
@client
@pytest.mark.parametrize("model", ["gpt-4o", "chat"])
def test_a_busy_model_is_a_429(
    app: AppProcess, script: str, given: dict[str, str], model: str
) -> None:
    told = ask(app, script, model, "standin:rate_limited retry_after=7", **given)
    for way in ("streamed", "whole"):
        assert told[way]["error"]["status"] == 429, told


@pytest.mark.tries("error")
@client
@pytest.mark.parametrize("model", ["gpt-4o", "chat"])
def test_an_error_in_the_middle_is_one(
    app: AppProcess, script: str, given: dict[str, str], model: str
) -> None:
    """The SDKs take any finish chunk for success."""
    told = ask(app, script, model, "standin:error_event tokens=2", **given)
    assert "error" in told["streamed"], told
    assert told["whole"]["error"]["status"] >= 500


@pytest.mark.tries("stream")
@client
@pytest.mark.parametrize("model", ["gpt-4o", "chat"])
def test_over_anothers_mock(
    over_aimock: AppProcess, script: str, given: dict[str, str], model: str
) -> None:
    told = ask(over_aimock, script, model, "hello", **given)
    for way in ("streamed", "whole"):
        assert told[way]["text"] == ANSWER, told
        assert told[way]["tokens"] > 0
    told = ask(over_aimock, script, model, "please be busy", **given)
    for way in ("streamed", "whole"):
        assert told[way]["error"]["status"] == 429, told


TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
        },
    },
}


@pytest.mark.tries("tools")
@pytest.mark.parametrize(("script", "given"), OPENAI)
def test_openai_gets_the_tool_calls_of_a_deployment_and_of_a_chain(
    app: AppProcess, script: str, given: dict[str, str]
) -> None:
    proxied = ask(app, script, "gpt-4o", "standin:tools", tools=[TOOL], **given)
    chain = ask(app, script, "chat", "standin:tools", **given)
    for told in (proxied, chain):
        for way in ("streamed", "whole"):
            [call] = told[way]["calls"]
            assert call["name"] == "get_weather"
            assert json.loads(call["args"]) == {"city": "Paris"}
            assert told[way]["finishReason"] == "tool_calls"


@pytest.mark.tries("tools")
@pytest.mark.parametrize(("script", "given"), AI)
def test_the_ai_sdk_gets_the_tool_calls_of_a_deployment(
    app: AppProcess, script: str, given: dict[str, str]
) -> None:
    told = ask(app, script, "gpt-4o", "standin:tools", callTools=True, **given)
    for way in ("streamed", "whole"):
        [call] = told[way]["calls"]
        assert call == {"name": "get_weather", "input": {"city": "Paris"}}
        assert told[way]["finishReason"] == "tool-calls"


@pytest.mark.tries("error")
@pytest.mark.parametrize(("script", "given"), OPENAI)
def test_openai_knows_when_to_come_back(
    app: AppProcess, script: str, given: dict[str, str]
) -> None:
    for model in ("gpt-4o", "chat"):
        asked = "standin:rate_limited retry_after=7"
        told = ask(app, script, model, asked, **given)
        for way in ("streamed", "whole"):
            error = told[way]["error"]
            assert (error["name"], error["retryAfter"]) == ("Error", "7")
