"""Pydantic AI, whose model is the chain `chat`."""

import pytest

from tests.clients.python_scripts import run
from tests.support.app_process import AppProcess

pytestmark = pytest.mark.client("pydantic_ai")

SENTENCE = "The capital of France is Paris, a city on the Seine."
# As in test_instructor.
BY_SCHEMA = {"city": "city", "country": "city"}
BY_PROMPT = {"city": "Paris", "country": "Paris"}


@pytest.mark.tries("stream", "tools", "form")
@pytest.mark.parametrize("model", ["chat", "gpt-4o"])
def test_an_agent_calls_its_tool_and_answers_in_each_form(
    obliging: AppProcess, model: str
) -> None:
    told = run("pydantic_ai", obliging, model)
    answers = {
        "text": (SENTENCE, ["Sunny in city."]),
        "tool": (BY_SCHEMA, ["Sunny in city.", "Final result processed."]),
        "native": (BY_SCHEMA, ["Sunny in city."]),
        "prompted": (BY_PROMPT, ["Sunny in city."]),
    }
    for form, (answer, returned) in answers.items():
        expected = {"answer": answer, "returned": returned}
        assert told[form]["whole"] == told[form]["streamed"] == expected, form
        whole, streamed = told[form]["tokens"]
        assert whole == streamed > 0, form
        assert told[form]["pieces"] > 1, form
