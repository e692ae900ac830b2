"""npm's `openai`, the AI SDK, LangChain and the Agents SDK at a chain's responses."""

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from langchain_core.messages.ai import add_ai_message_chunks
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from tests.clients.environments import SCRIPTS
from tests.clients.node_scripts import run
from tests.clients.python_scripts import execute
from tests.support.app_process import AppProcess

TEXT = "tok0 tok1 tok2"
SHORT = "standin:answer tokens=3"
ENDLESS = "standin:answer tokens=1000 delay_ms=20"
FUNCTION = {"type": "function", "name": "get_weather", "parameters": {}}
PROVIDERS = pytest.mark.parametrize(
    "provider",
    [
        pytest.param(name, marks=pytest.mark.client(f"ai-{name}-chain"))
        for name in ("openai", "azure")
    ],
)


def ask(app: AppProcess, script: str, question: str, **given: Any) -> Any:
    return run(
        script, **{"url": app.url, "model": "chat", "question": question} | given
    )


@pytest.mark.client("openai-js-chain")
@pytest.mark.tries("stream", "stop", "resume")
def test_npms_openai_streams_reads_again_and_stops(app: AppProcess) -> None:
    told = ask(app, "openai_responses.mjs", SHORT, endless=ENDLESS)
    ended = {"status": "completed", "text": TEXT, "calls": [], "tokens": 3}
    assert told == {
        "whole": ended,
        "streamed": {**ended, "deltas": TEXT, "again": ended},
        "stopped": ["queued", "cancelled"],
    }


@pytest.mark.client("openai-js-chain")
@pytest.mark.tries("tools", "error")
def test_npms_openai_gets_calls_and_errors(app: AppProcess) -> None:
    told = ask(app, "openai_responses.mjs", "standin:tools", tools=[FUNCTION])
    calls = [{"name": "get_weather", "args": '{"city":"Paris"}'}]
    assert told["whole"]["calls"] == told["streamed"]["calls"] == calls
    told = ask(app, "openai_responses.mjs", "standin:rate_limited")
    for way in ("whole", "streamed"):
        assert told[way]["error"]["status"] == 429
    told = ask(app, "openai_responses.mjs", "standin:cut tokens=2")
    assert told["whole"]["error"]["status"] == 502
    assert "status" in told["streamed"]
    assert told["streamed"]["status"] == "failed"


@pytest.mark.tries("stream")
@PROVIDERS
def test_the_ai_sdk_streams_and_goes_on_by_references(
    app: AppProcess, provider: str
) -> None:
    again = "standin:echo"
    told = ask(app, "ai_responses.mjs", SHORT, provider=provider, again=again)
    assert told["whole"] == {"text": TEXT, "finishReason": "stop", "tokens": 3}
    streamed = told["streamed"]
    assert (streamed["text"], streamed["finishReason"]) == (TEXT, "stop")
    sent = [(e["role"], e["content"]) for e in json.loads(streamed["next"])]
    assert sent[-3:] == [("user", SHORT), ("assistant", TEXT), ("user", again)]


@pytest.mark.tries("tools")
@PROVIDERS
def test_the_ai_sdk_runs_its_own_tools_and_no_others(
    app: AppProcess, provider: str
) -> None:
    given: Any = {"provider": provider, "callTools": True}
    told = ask(app, "ai_responses.mjs", "standin:tools", **given)
    assert told["ran"] == [{"city": "Paris"}] * 2
    assert told["streamed"]["tools"] == [["get_weather", False]]
    assert "Paris" in told["streamed"]["text"]
    told = ask(app, "ai_responses.mjs", "hello", model="agent", **given)
    assert told["ran"] == []
    assert all(served for _, served in told["streamed"]["tools"])
    assert told["streamed"]["tools"]


@pytest.mark.tries("stream", "error")
@PROVIDERS
def test_the_ai_sdk_shows_reasoning_sources_and_errors(
    app: AppProcess, provider: str
) -> None:
    told = ask(app, "ai_responses.mjs", "standin:reasoning", provider=provider)
    assert told["streamed"]["reasoning"]
    told = ask(app, "ai_responses.mjs", "hello", provider=provider, model="sources")
    assert len(told["streamed"]["sources"]) == 2
    for scenario in ("rate_limited", "cut tokens=2", "drop tokens=2"):
        told = ask(app, "ai_responses.mjs", f"standin:{scenario}", provider=provider)
        assert "error" in told["streamed"], scenario
        assert "error" in told["whole"], scenario


@pytest.fixture(params=["chat"])
def model(app: AppProcess, request: pytest.FixtureRequest) -> Iterator[ChatOpenAI]:
    with openai.DefaultHttpxClient() as http_client:
        yield ChatOpenAI(
            base_url=f"{app.url}/openai/v1",
            api_key=SecretStr("any"),
            model=request.param,
            use_responses_api=True,
            http_client=http_client,
            max_retries=0,
        )


@pytest.mark.client("langchain-chain")
@pytest.mark.tries("stream", "tools")
def test_langchain_streams_and_calls_its_tools(model: ChatOpenAI) -> None:
    assert model.invoke(SHORT).text == TEXT
    first, *rest = model.stream(SHORT)
    whole: Any = add_ai_message_chunks(*[first, *rest])
    assert whole.text == TEXT
    assert whole.usage_metadata["output_tokens"] == 3
    weather = {"name": "get_weather", "description": "How it is.", "parameters": {}}
    bound = model.bind_tools([{"type": "function", "function": weather}])
    made: Any = bound.invoke("standin:tools")
    [call] = made.tool_calls
    assert (call["name"], call["args"]) == ("get_weather", {"city": "Paris"})
    result = {"role": "tool", "tool_call_id": call["id"], "content": "21 degrees"}
    question = {"role": "user", "content": "standin:tools"}
    assert "Paris" in bound.invoke([question, made, result]).text


@pytest.mark.client("langchain-chain")
@pytest.mark.tries("tools")
@pytest.mark.parametrize("model", ["agent"], indirect=True)
def test_langchain_runs_no_tool_of_the_server(model: ChatOpenAI) -> None:
    first, *rest = model.stream("hello")
    whole: Any = add_ai_message_chunks(*[first, *rest])
    for message in (whole, model.invoke("hello")):
        assert message.tool_calls == []
        assert message.text


@pytest.mark.client("langchain-chain")
@pytest.mark.tries("error")
@pytest.mark.parametrize("scenario", ["rate_limited", "cut tokens=2", "drop tokens=2"])
def test_langchain_raises(model: ChatOpenAI, scenario: str) -> None:
    with pytest.raises(Exception, match=r"429|connection|broke off|ended|answer"):
        [*model.stream(f"standin:{scenario}")]


def agents(server: AppProcess, **given: Any) -> Any:
    script = str(SCRIPTS / "use_agents_responses.py")
    asked = {"url": f"{server.url}/openai/v1", **given}
    return json.loads(execute("openai_agents", script, json.dumps(asked)))


@pytest.mark.client("agents-chain")
@pytest.mark.tries("tools")
def test_an_agent_calls_its_tool(obliging: AppProcess) -> None:
    told = agents(obliging, model="chat")
    for way in ("whole", "streamed", "followed"):
        assert told[way]["items"] == [
            *("tool_call_item", "tool_call_output_item", "message_output_item")
        ], way
        assert told[way]["answer"], way


@pytest.mark.client("agents-chain")
@pytest.mark.tries("form")
def test_an_agent_hands_off_and_answers_in_its_form(obliging: AppProcess) -> None:
    told = agents(obliging, model="chat", hands_off=True)
    assert told["handed_off"]["agent"] == "Weather"
    assert told["handed_off"]["items"] == [
        *("handoff_call_item", "handoff_output_item"),
        *("tool_call_item", "tool_call_output_item", "message_output_item"),
    ]
    assert told["formed"]["answer"].keys() == {"city", "degrees"}


@pytest.mark.client("agents-chain")
@pytest.mark.tries("stream")
def test_an_agent_shows_what_the_server_has_run(app: AppProcess) -> None:
    told = agents(app, model="agent", question="hello")
    for way in ("whole", "streamed", "followed"):
        assert told[way]["items"][-1] == "message_output_item", told[way]
        assert "tool_call_item" in told[way]["items"]
        assert "tool_call_output_item" not in told[way]["items"]


@pytest.mark.client("agents-chain")
@pytest.mark.tries("error")
def test_an_agent_raises_what_fails(app: AppProcess) -> None:
    told = agents(app, model="chat", question="standin:cut tokens=2")
    for way in ("whole", "streamed", "followed"):
        assert "error" in told[way], way
