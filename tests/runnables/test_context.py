"""What the nodes of a graph get beside its state: `runtime.context`."""

import asyncio
from dataclasses import dataclass
from typing import Any, TypedDict

import pytest
from langchain_core.messages import AIMessage
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.runtime import Runtime
from langgraph.store.memory import InMemoryStore
from pydantic import BaseModel, Field

from runnables import Chain
from runnables.prepared import prepare
from runnables.run import events_of
from runs import Run
from streaming.errors import InvalidRequest
from streaming.events import TextDelta
from streaming.requests import validate


@dataclass
class Team:
    name: str = "sales"


class Person(BaseModel):
    user: str = Field(max_length=5)
    principal: str | None


class Loose(TypedDict):
    user: str


def graph_of(schema: Any) -> Chain:
    """A graph that says what context it got, and whether it has a store."""

    def say(state: MessagesState, runtime: Runtime[Any]) -> dict[str, Any]:
        said = f"{runtime.context} {runtime.store is not None}"
        return {"messages": [AIMessage(said)]}

    graph = StateGraph(MessagesState, context_schema=schema).add_node("say", say)
    return graph.add_edge(START, "say").compile(store=InMemoryStore())


async def text(schema: Any, **inputs: Any) -> str:
    message = {"role": "user", "content": "Why?"}
    request = validate({"messages": [message], "inputs": inputs})
    async with asyncio.timeout(5):
        made = events_of(prepare(graph_of(schema)), request, Run(principal="ann"))
        found = [each.text async for each in made if isinstance(each, TextDelta)]
    return "".join(found)


@pytest.mark.parametrize(
    ("schema", "inputs", "said"),
    [
        (Team, {}, "Team(name='sales')"),
        (Team, {"name": "it"}, "Team(name='it')"),
        (Person, {"user": "Bo"}, "user='Bo' principal='ann'"),
        (Person, {"user": "Bo", "principal": "eve"}, "user='Bo' principal='ann'"),
        (Loose, {}, "{}"),
        (Loose, {"user": "Bo"}, "{'user': 'Bo'}"),
        (None, {}, "None"),
    ],
)
async def test_it_is_of_the_inputs_and_of_who_asks(
    schema: Any, inputs: dict[str, Any], said: str
) -> None:
    """It was `None`, on which an agent's middleware fails."""
    assert await text(schema, **inputs) == f"{said} True"


@pytest.mark.parametrize("inputs", [{}, {"user": 3}, {"user": "Benjamin"}])
async def test_what_does_not_fit_is_named(inputs: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match=r"inputs\.user") as raised:
        await text(Person, **inputs)
    assert raised.value.param == "inputs.user" or not inputs
