"""Calls of functions, as OpenAI's API had them before tools, are tool calls."""

import asyncio
from typing import Any, cast

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, FunctionMessage
from langchain_core.runnables import RunnableLambda
from langgraph.graph import END, START, MessagesState, StateGraph

from runnables import Chain
from runnables.prepared import prepare
from runnables.run import events_of
from runs import Run
from runs.ending import ending
from streaming.events import Done, Event, TextDelta, ToolCall, ToolResult
from streaming.requests import validate
from tests.support.kinds import ANSWER, Model, finish
from tests.support.kinds_of_graphs import answering


async def events(chain: Chain) -> list[Event]:
    request = validate({"messages": [{"role": "user", "content": "Why?"}]})
    run = Run()
    async with asyncio.timeout(5):
        made = ending(events_of(prepare(chain), request, run), run)
        return [event async for event in made]


def piece(call: object) -> AIMessageChunk:
    return AIMessageChunk(content="", additional_kwargs={"function_call": call})


BEGIN = {"name": "look", "arguments": '{"x"'}
REST = [{"name": "", "arguments": ": "}, {"arguments": "1}"}, None]
WHOLE = {"name": "look", "arguments": '{"x": 1}'}
CALL = (piece(BEGIN), *map(piece, REST), finish("function_call"))


def whole(call: object) -> Chain:
    message = AIMessage("", additional_kwargs={"function_call": call})
    return RunnableLambda(lambda given: message)


@pytest.mark.parametrize(
    "chain",
    [
        Model(scripts=[CALL]),
        Model(scripts=[[piece(WHOLE), finish("function_call")]]),
        whole(WHOLE),
        whole({"name": "look", "arguments": {"x": 1}}),
    ],
    ids=["pieces", "one piece", "whole", "an object"],
)
async def test_a_call_waits_for_the_caller(chain: Chain) -> None:
    [call, *_, done] = await events(chain)
    assert isinstance(call, ToolCall)
    assert (call.name, call.args) == ("look", {"x": 1})
    assert call.id.startswith("call_")
    assert isinstance(done, Done)
    assert done.finish_reason == "tool_calls"


@pytest.mark.parametrize("call", [None, "look", {}, {"name": None}, {"name": ""}])
async def test_what_is_no_call_is_none(call: object) -> None:
    message = AIMessage("Hm.", additional_kwargs={"function_call": call})
    found = await events(RunnableLambda(lambda given: message))
    assert [event for event in found if isinstance(event, ToolCall)] == []


def _next(state: MessagesState) -> str:
    return "look" if "function_call" in state["messages"][-1].additional_kwargs else END


def agent(model: Model) -> Chain:
    graph: Any = StateGraph(MessagesState).add_node("agent", answering(model))
    result = FunctionMessage(content="Seen.", name="look")
    graph.add_node("look", lambda state: {"messages": [result.model_copy()]})
    graph.add_edge(START, "agent").add_edge("look", "agent")
    return cast(Chain, graph.add_conditional_edges("agent", _next).compile())


async def test_a_message_of_the_function_is_its_result() -> None:
    found = await events(agent(Model(scripts=[CALL, CALL, ANSWER])))
    calls = [event.id for event in found if isinstance(event, ToolCall)]
    results = [(e.id, e.content) for e in found if isinstance(e, ToolResult)]
    assert len(set(calls)) == 2
    assert results == [(each, "Seen.") for each in calls]
    assert "".join(e.text for e in found if isinstance(e, TextDelta)) == "Alpha beta."
    assert isinstance(found[-1], Done)
    assert found[-1].finish_reason == "stop"


async def test_a_result_of_no_call_is_the_answer() -> None:
    found = await events(
        RunnableLambda(lambda given: FunctionMessage(content="a", name="b"))
    )
    assert [type(event).__name__ for event in found] == ["TextDelta", "Usage", "Done"]
