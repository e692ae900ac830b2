"""A model call of a graph that fails in its middle, and what the graph says instead."""

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import RetryPolicy

from runnables import Chain
from runnables.prepared import prepare
from runnables.run import events_of
from runs import Run
from runs.ending import ending
from streaming.events import Done, Paragraph, Redact, TextDelta, ToolCall
from streaming.requests import validate
from tests.support.kinds import ANSWER, Model, calling
from tests.support.kinds_of_agents import SILENT_CALL, agent_of, weather
from tests.support.kinds_of_graphs import answering, one_node
from tests.support.shown import events, left, shown

BROKEN = ("Half an", ConnectionError("lost"))
BROKEN_CALL = ("Half an", calling("weather", '{"wh'), ConnectionError("lost"))


def failing() -> Model:
    return Model(scripts=[BROKEN, ANSWER])


def graph_of(node: Any, **options: Any) -> Chain:
    graph = StateGraph(MessagesState).add_node("answer", node, **options)
    return graph.add_edge(START, "answer").compile()


def with_fallback() -> Chain:
    first: Any = Model(scripts=[BROKEN])
    return graph_of(answering(first.with_fallbacks([Model()])))


def with_retry() -> Chain:
    model: Any = failing()
    return graph_of(answering(model.with_retry(wait_exponential_jitter=False)))


def with_a_policy() -> Chain:
    once = RetryPolicy(initial_interval=0.01, max_attempts=2)
    return graph_of(answering(failing()), retry_policy=once)


def with_words_of_its_own() -> Chain:
    async def answer(state: MessagesState) -> dict[str, Any]:
        try:
            return {"messages": [await failing().ainvoke(state["messages"])]}
        except ConnectionError:
            return {"messages": [AIMessage("Alpha beta.")]}

    return graph_of(answer)


def in_a_thread() -> Chain:
    model: Any = Model(scripts=[BROKEN])
    either = model.with_fallbacks([Model()])
    return graph_of(lambda state: {"messages": [either.invoke(state["messages"])]})


MADE_UP: dict[str, Callable[[], Chain]] = {
    each.__name__: each
    for each in (
        *(with_fallback, with_retry, with_a_policy),
        *(with_words_of_its_own, in_a_thread),
    )
}


@pytest.mark.parametrize("made", MADE_UP.values(), ids=MADE_UP)
async def test_what_it_has_said_is_withdrawn(made: Callable[[], Chain]) -> None:
    assert (await shown(made())).strip() == "Alpha beta."


async def test_the_call_instead_streams() -> None:
    found = await events(with_fallback())
    texts = [each.text for each in found if isinstance(each, TextDelta)]
    assert texts == ["Half an", "\n\nAlpha ", "beta."]
    assert [type(each) for each in found[:3]] == [TextDelta, Redact, Paragraph]


async def test_nobody_waits_for_the_tool_that_it_was_about_to_call() -> None:
    calls: Any = Model(scripts=[BROKEN_CALL])
    agent = agent_of(
        calls.with_fallbacks([Model(scripts=[SILENT_CALL, ANSWER])]), weather
    )
    found = await events(agent)
    [call] = [each for each in found if isinstance(each, ToolCall)]
    assert (call.id, call.name, call.args) == ("call_1", "weather", {})
    assert left(found).strip() == "Alpha beta."


async def test_what_nothing_makes_up_for_stays() -> None:
    request = validate({"messages": [{"role": "user", "content": "Why?"}]})
    chain, run = graph_of(answering(Model(scripts=[BROKEN]))), Run()
    made = ending(events_of(prepare(chain), request, run), run)
    found = [event async for event in made]
    assert left(found) == "Half an"
    assert isinstance(found[-1], Done)
    assert found[-1].finish_reason == "error"


async def test_a_node_that_has_read_enough_keeps_what_it_has_read() -> None:
    async def answer(state: MessagesState) -> dict[str, Any]:
        async for chunk in Model().astream(state["messages"]):
            return {"messages": [AIMessage(chunk.text, id=chunk.id)]}
        return {}

    more = one_node(MessagesState, lambda state: {"messages": [AIMessage("More.")]})
    graph = StateGraph(MessagesState).add_node("answer", answer).add_node("more", more)
    graph.add_edge(START, "answer").add_edge("answer", "more")
    assert await shown(graph.compile()) == "Alpha \n\nMore."
