"""Usage as models that people bring may have it: anything."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from runnables.callback import RunCallback
from runs import Run
from runs.model_call import parameters
from runs.tokens import MOST, count_tokens
from streaming.events import Usage
from tests.support.example_chains import ScriptedModel


class Counting(ScriptedModel):
    """Answers at once, with *usage*."""

    usage: Any

    async def _agenerate(self, *args: Any, **kwargs: Any) -> ChatResult:
        message = AIMessage("eight characters")
        message.usage_metadata = self.usage  # Which LangChain does not check.
        info = {"finish_reason": "length"}
        generation = ChatGeneration(message=message, generation_info=info)
        return ChatResult(generations=[generation])


async def asked(usage: Any) -> Run:
    run = Run(chain="c", dialect="json")
    model = Counting(script=[], usage=usage)
    await model.ainvoke("Hello", {"callbacks": [RunCallback(run)]})
    return run


ODD: dict[str, Any] = {
    "text": {"input_tokens": "9", "output_tokens": "5", "total_tokens": "14"},
    "fraction": {"input_tokens": 9.5, "output_tokens": 5, "total_tokens": 1e400},
    "huge": dict.fromkeys(("input_tokens", "output_tokens"), 10**400),
    "negative": {"input_tokens": -9, "output_tokens": -5, "total_tokens": -14},
    "none": dict.fromkeys(("input_tokens", "output_tokens", "total_tokens")),
    "other": {"neurons": 5},
    "list": [9, 5, 14],
}


@pytest.mark.parametrize("usage", ODD.values(), ids=ODD)
async def test_usage_that_is_none_is_estimated(usage: Any) -> None:
    run = await asked(usage)
    assert run.usage.estimated
    assert run.usage.output_tokens == count_tokens("eight characters")
    assert run.finish_reason == "length"


async def test_of_usage_what_can_be_read_counts() -> None:
    run = await asked(
        {
            "input_tokens": 9.0,
            "output_tokens": "five",
            "total_tokens": 14,
            "input_token_details": ["cache_read"],
            "output_token_details": {"reasoning": -3, "audio": 10**400},
        }
    )
    assert run.usage == Usage(9, 5, 14)


async def test_all_calls_together_are_no_more_than_can_be_sent() -> None:
    run = await asked({"input_tokens": MOST, "output_tokens": MOST})
    run.calls["again"] = next(iter(run.calls.values()))
    assert run.usage == Usage(MOST, MOST, MOST)


@given(st.floats() | st.integers() | st.just(10**400) | st.booleans() | st.text())
def test_a_parameter_is_a_number_that_can_be_sent(value: object) -> None:
    for number in parameters({"seed": value}).values():
        assert -MOST <= number <= MOST
        assert number == value
