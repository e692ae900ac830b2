"""A guard that removes an answer from a graph's state withdraws it."""

from collections.abc import Callable
from typing import Any, cast

import pytest
from langchain_core.messages import (
    AIMessage,
    AnyMessage,
    HumanMessage,
    RemoveMessage,
    ToolMessage,
)
from langchain_core.runnables import RunnableConfig, RunnableLambda
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.graph.message import REMOVE_ALL_MESSAGES
from langgraph.types import Overwrite

from runnables import Chain
from runnables.tool_calls import WITHDRAWN
from streaming.events import TextDelta, ToolResult
from tests.support.kinds import Model
from tests.support.kinds_of_agents import CALL, agent_of, weather
from tests.support.kinds_of_graphs import Listed, answering
from tests.support.shown import events, shown

type Update = Callable[[list[AnyMessage]], Any]

ALL = RemoveMessage(id=REMOVE_ALL_MESSAGES)


def removal(message: AnyMessage) -> RemoveMessage:
    return RemoveMessage(id=str(message.id))


def followed(answer: Any, *updates: Update, state: Any = MessagesState) -> Chain:
    """*answer*, then a node for each of the *updates* of the messages."""
    graph: Any = StateGraph(state).add_node("answer", answer)
    graph.add_edge(START, before := "answer")
    for number, update in enumerate(updates):
        graph.add_node(node := f"node{number}", _node(update)).add_edge(before, node)
        before = node
    return cast(Chain, graph.compile())


def _node(update: Update) -> Callable[[MessagesState], dict[str, Any]]:
    return lambda state: {"messages": update(state["messages"])}


GUARDS: dict[str, Update] = {
    "one": lambda m: [removal(m[-1]), AIMessage("Safe.")],
    "all": lambda m: [ALL, *m[:-1], AIMessage("Safe.")],
    "all but the new one": lambda m: [ALL, AIMessage("Safe.")],
    "overwritten": lambda m: Overwrite([*m[:-1], AIMessage("Safe.")]),
    "overwritten by a dictionary": lambda m: {"__overwrite__": [AIMessage("Safe.")]},
    "as dictionary": lambda m: [removal(m[-1]), {"role": "ai", "content": "Safe."}],
}


@pytest.mark.parametrize("guard", GUARDS.values(), ids=GUARDS)
async def test_another_message_comes_in_its_place(guard: Update) -> None:
    guarded = followed(answering(Model()), guard)
    assert await shown(guarded) == "\n\nSafe."
    assert await shown(followed(guarded, lambda m: [])) == "\n\nSafe."


async def test_nothing_may_come_in_its_place() -> None:
    removing = followed(answering(Model()), lambda m: [removal(m[-1])])
    assert await shown(removing) == ""


LISTS: dict[str, tuple[Update, str]] = {
    "another message": (lambda m: [*m[:-1], AIMessage("Safe.")], "\n\nSafe."),
    "one more message": (lambda m: [*m, AIMessage("B.")], "Alpha beta.\n\nB."),
    "fewer messages": (lambda m: m[-1:], "Alpha beta."),
    "no message": (lambda m: [], "Alpha beta."),
}


@pytest.mark.parametrize(("update", "left"), LISTS.values(), ids=LISTS)
async def test_a_state_without_a_reducer_may_have_another_message_instead(
    update: Update, left: str
) -> None:
    async def answer(state: Listed) -> dict[str, Any]:
        return {"messages": [await Model().ainvoke(state["messages"])]}

    assert await shown(followed(answer, update, state=Listed)) == left


async def test_all_messages_of_an_agent_may_be_replaced() -> None:
    agent = agent_of(Model(scripts=[CALL, ("Bad.",)]), weather)
    guarded = followed(agent, lambda m: [ALL, m[0], AIMessage("Safe.")])
    assert (await shown(guarded)).strip() == "Safe."


KEPT: dict[str, Update] = {
    "an older one": lambda m: [removal(m[1])],
    "the user's": lambda m: [removal(m[0])],
    "older ones for a summary": lambda m: [ALL, HumanMessage("In short."), m[-1]],
    "an older one beside a new one": lambda m: [removal(m[1]), AIMessage("")],
}


@pytest.mark.parametrize("update", KEPT.values(), ids=KEPT)
async def test_a_history_that_is_kept_short_withdraws_nothing(update: Update) -> None:
    more: Update = lambda m: [AIMessage("More.")]  # noqa: E731 - as the others.
    chain = followed(answering(Model()), more, update)
    assert await shown(chain) == "Alpha beta.\n\nMore."


async def test_what_was_said_before_a_tools_result_stays_in_a_summary() -> None:
    result: Update = lambda m: [ToolMessage("Sunny.", tool_call_id="1")]  # noqa: E731
    summary: Update = lambda m: [ALL, HumanMessage("In short.")]  # noqa: E731
    chain = followed(answering(Model()), result, summary)
    assert (await shown(chain)).startswith("Alpha beta.")


async def test_a_call_that_a_guard_has_removed_waits_for_nobody() -> None:
    """A caller would make it, whatever the guard has against it."""
    calling = answering(Model(scripts=[CALL]))
    found = await events(followed(calling, GUARDS["one"]))
    [result] = [event for event in found if isinstance(event, ToolResult)]
    assert (result.id, result.name, result.content) == ("call_1", "weather", WITHDRAWN)


async def _checked(state: MessagesState, config: RunnableConfig) -> dict[str, Any]:
    hidden = Model().with_config(tags=["nostream"])
    reply = await hidden.ainvoke(state["messages"], config)
    return {"messages": [AIMessage("Safe.", id=reply.id)]}


def _last(state: MessagesState) -> str:
    return state["messages"][-1].text


UNSEEN: dict[str, Callable[[], Chain]] = {
    "checked in its node": lambda: followed(_checked),
    "a function of the final state": lambda: (
        followed(answering(Model()), GUARDS["one"]) | RunnableLambda(_last)
    ),
}


@pytest.mark.parametrize("way", UNSEEN)
async def test_what_a_guard_replaces_need_not_be_shown_at_all(way: str) -> None:
    assert await events(UNSEEN[way]()) == [TextDelta("", "Safe.")]
