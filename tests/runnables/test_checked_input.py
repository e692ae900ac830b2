"""What a class of pydantic has against a request is told to the caller."""

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.runnables import RunnableLambda
from langgraph.graph import START, StateGraph
from pydantic import BaseModel, Field

from runnables import Chain
from runnables.prepared import prepare
from streaming.errors import InvalidRequest
from streaming.requests import ChatRequest, validate


class Long(BaseModel):
    """What no short question can be."""

    topic: str = Field(min_length=50)


class Renamed(BaseModel):
    question: str = Field(alias="q")


def request() -> ChatRequest:
    return validate({"messages": [{"role": "user", "content": "Why?"}]})


def function() -> Chain:
    def answer(asked: Long) -> str:
        return asked.topic

    return RunnableLambda(answer)


def graph() -> Chain:
    built = StateGraph(Long).add_node("same", lambda state: {"topic": state.topic})
    return built.add_edge(START, "same").compile()


@pytest.mark.parametrize("make", [function, graph])
def test_a_value_that_a_class_refuses_is_the_callers_error(
    make: Callable[[], Chain],
) -> None:
    with pytest.raises(InvalidRequest) as raised:
        prepare(make()).input.of(request())
    told = "inputs.topic: String should have at least 50 characters"
    assert raised.value.message == told


def test_a_field_with_an_alias_is_known_by_its_name() -> None:
    def answer(asked: Renamed) -> str:
        return asked.question

    given = prepare(RunnableLambda(answer)).input.of(request())
    assert given == Renamed(q="Why?")


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x + "!",
        lambda x: "Say: " + x,
        lambda x: x.upper(),
        lambda x: x.replace("?", "."),
        lambda x: f"{x}!",
    ],
)
async def test_an_untyped_function_may_treat_its_input_as_a_text(function: Any) -> None:
    chain = RunnableLambda(function)
    said = await chain.ainvoke(prepare(chain).input.of(request()))
    assert said == function("Why?")
