"""OpenAI's Agents SDK, whose model is the chain `chat`."""

import pytest

from tests.clients.python_scripts import run
from tests.support.app_process import AppProcess

pytestmark = pytest.mark.client("openai_agents")

SENTENCE = "The capital of France is Paris, a city on the Seine."
HANDED_OFF = [
    *("handoff_call_item", "handoff_output_item"),
    *("tool_call_item", "tool_call_output_item", "message_output_item"),
]
ITEMS = ["tool_call_item", "tool_call_output_item", "message_output_item"]


@pytest.mark.tries("stream", "tools", "form")
@pytest.mark.parametrize(
    ("model", "chat"),
    [
        ("chat", True),
        ("gpt-4o", True),
        pytest.param(
            "gpt-4o", False, marks=pytest.mark.client("openai_agents_responses")
        ),
    ],
)
def test_an_agent_calls_its_tool_and_answers_in_its_form(
    obliging: AppProcess, model: str, chat: bool
) -> None:
    called = {"items": ITEMS, "outputs": ["Sunny in Rome."]}
    plain = {"answer": SENTENCE, **called, "tokens": 15}
    weather = {"city": "Rome", "degrees": 1}
    formed = {"answer": weather, **called, "tokens": 10}
    handed_off = {**plain, "items": HANDED_OFF, "tokens": 17}
    more = {} if chat else {"handed_off": handed_off}
    assert run("openai_agents", obliging, model, chat=chat) == {
        **more,
        "whole": plain,
        "streamed": {**plain, "text": SENTENCE},
        "formed": formed,
        "formed_streamed": {**formed, "text": '{"city":"Rome","degrees":1}'},
    }
