"""OpenAI's Agents SDK, whose model is the chain `chat`."""

import pytest

from tests.clients.python_scripts import run
from tests.support.app_process import AppProcess

SENTENCE = "The capital of France is Paris, a city on the Seine."
ITEMS = ["tool_call_item", "tool_call_output_item", "message_output_item"]


@pytest.mark.parametrize("model", ["chat", "gpt-4o"])
def test_an_agent_calls_its_tool_and_answers_in_its_form(
    obliging: AppProcess, model: str
) -> None:
    called = {"items": ITEMS, "outputs": ["Sunny in Rome."]}
    plain = {"answer": SENTENCE, **called, "tokens": 15}
    weather = {"city": "Rome", "degrees": 1}
    formed = {"answer": weather, **called, "tokens": 10}
    assert run("openai_agents", obliging, model) == {
        "whole": plain,
        "streamed": {**plain, "text": SENTENCE},
        "formed": formed,
        "formed_streamed": {**formed, "text": '{"city":"Rome","degrees":1}'},
    }
