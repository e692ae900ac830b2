"""Whose model answers: the provider that is configured, or the documentation alone."""

import json

from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, text_of


def test_with_no_model_the_documentation_answers(offline: AppProcess) -> None:
    events = offline.events("How do I add my own chain?")
    names = [name for name, _ in events]
    assert names[0] == "citation"
    assert "No model is configured" in text_of(events)
    assert "[1]" in text_of(events)
    done = events[-1][1]
    assert done["finish_reason"] == "stop"
    assert done["usage"]["total_tokens"] == 0
    assert "estimated" not in done["usage"]


def test_a_chain_that_lacks_its_model_names_the_setting(offline: AppProcess) -> None:
    offline.chat("hello", chain="chat")  # Importing the model's library takes a while.
    response = offline.chat("hello", chain="chat")
    assert response.status_code == 503
    error = response.json()["error"]
    assert error["code"] == "not_configured"
    assert "AZURE_OPENAI_ENDPOINT" in error["message"]


def test_the_documentation_is_answered_by_the_model_where_there_is_one(
    app: AppProcess,
) -> None:
    events = app.events("standin:echo", chain="docs")
    received = json.loads(text_of(events))
    assert "Answer from the sources below" in received[0]["content"]
    assert received[-1]["content"] == "standin:echo"


def test_any_openai_compatible_server_answers_too(standin: StandIn) -> None:
    settings = {
        "OPENAI_BASE_URL": f"{standin.url}/v1",
        "OPENAI_MODEL": "llama",
        "OPENAI_API_KEY": standin.key,
        # Neither of these may be picked up by a library on its own.
        "AZURE_OPENAI_AD_TOKEN": "picked-up-by-accident",
        "OPENAI_ORG_ID": "",
    }
    with AppProcess(settings) as server:
        events = server.events("standin:answer tokens=2 tag=compatible")
        assert text_of(events) == "tok0 tok1"
        assert events[-1][1]["deployment"] == "llama"
        [request] = standin.requests("compatible")
        assert request["headers"]["authorization"] == [f"Bearer {standin.key}"]
        assert "api-key" not in request["headers"]
        assert request["body"]["model"] == "llama"


def test_a_key_in_the_environment_never_replaces_the_configured_one(
    standin: StandIn,
) -> None:
    foreign = {
        "OPENAI_API_KEY": "foreign",
        "AZURE_OPENAI_AD_TOKEN": "foreign",
    }
    settings = {
        "AZURE_OPENAI_ENDPOINT": standin.url,
        "AZURE_OPENAI_DEPLOYMENT": "gpt-4o",
        "AZURE_OPENAI_KEY": standin.key,
    }
    with AppProcess({**settings, **foreign}) as server:
        assert server.chat("standin:answer tag=foreign").status_code == 200
    [request] = standin.requests("foreign")
    assert request["headers"]["api-key"] == [standin.key]
    assert "authorization" not in request["headers"]
