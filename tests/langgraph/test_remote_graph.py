"""LangGraph's `RemoteGraph`: one of this app's chains as a node of another graph."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypedDict

import pytest
from langchain_core.messages import HumanMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.pregel.remote import RemoteException, RemoteGraph
from langgraph.types import Command
from langgraph_sdk.errors import InternalServerError

from tests.langgraph.sdk import ANN, client
from tests.support.app_process import AppProcess

pytestmark = pytest.mark.client("remote-graph")


class Question(TypedDict, total=False):
    question: str
    answer: str
    of_the_parent: int


@asynccontextmanager
async def remote(
    server: AppProcess, chain: str, key: str = ANN
) -> AsyncIterator[RemoteGraph]:
    async with client(server, key) as sdk:
        yield RemoteGraph(chain, client=sdk)


def parent(node: RemoteGraph, state: Any = MessagesState, saver: Any = None) -> Any:
    graph: Any = StateGraph(state).add_node("remote", node)
    return graph.add_edge(START, "remote").compile(checkpointer=saver)


@pytest.mark.tries("stream")
@pytest.mark.parametrize("chain", ["echo", "graph"])
async def test_it_is_a_node_whose_messages_are_the_parents(
    graphs: AppProcess, chain: str
) -> None:
    async with remote(graphs, chain) as node:
        state = await parent(node).ainvoke({"messages": [HumanMessage("one")]})
    assert [each.text for each in state["messages"]] == ["one", '["one"]']


@pytest.mark.tries("stream")
async def test_its_tokens_come_as_they_are_made(app: AppProcess) -> None:
    given = {"messages": [HumanMessage("standin:answer tokens=5")]}
    async with remote(app, "chat") as node:
        stream = parent(node).astream(given, stream_mode="messages", subgraphs=True)
        chunks = [chunk["content"] async for _, (chunk, _) in stream]
    assert len([each for each in chunks if each]) > 3
    assert "".join(chunks).strip() == "tok0 tok1 tok2 tok3 tok4"


@pytest.mark.parametrize("chain", ["echo", "graph"])
async def test_it_goes_on_with_the_parents_thread(
    graphs: AppProcess, chain: str
) -> None:
    config: Any = {"configurable": {"thread_id": f"of-a-parent-{chain}"}}
    async with remote(graphs, chain) as node:
        graph = parent(node, saver=InMemorySaver())
        await graph.ainvoke({"messages": [HumanMessage("one")]}, config)
        state = await graph.ainvoke({"messages": [HumanMessage("two")]}, config)
        kept = await node.aget_state(config)
    said = [each.text for each in state["messages"]]
    assert said[:3] == ["one", '["one"]', "two"]
    assert len(said) == 4
    assert [each["content"] for each in kept.values["messages"]] == said


@pytest.mark.tries("approval")
async def test_what_it_waits_for_the_parent_waits_for(graphs: AppProcess) -> None:
    config: Any = {"configurable": {"thread_id": "parent-that-asks"}}
    given = {"question": "Why?", "of_the_parent": 1}
    async with remote(graphs, "approval") as node:
        state = await parent(node, Question, InMemorySaver()).ainvoke(given, config)
        kept = await node.aget_state(config)
        values = await node.ainvoke(Command(resume="yes"), config)
    [asked] = state["__interrupt__"]
    assert asked.value == {"about": "Why?"}
    assert [each.value for each in kept.interrupts] == [asked.value]
    assert kept.next == ("approval",)
    assert values["answer"] == "You said yes."


@pytest.mark.tries("error")
async def test_it_raises_what_goes_wrong(app: AppProcess) -> None:
    cut, failing = (
        {"messages": [HumanMessage(f"standin:{scenario}")]}
        for scenario in ("cut tokens=2", "server_error")
    )
    async with remote(app, "chat") as node:
        with pytest.raises(RemoteException, match="upstream_incomplete"):
            await parent(node).ainvoke(cut)
        with pytest.raises(InternalServerError):
            await parent(node).ainvoke(failing)


async def test_it_draws_one_node(graphs: AppProcess) -> None:
    async with remote(graphs, "echo") as node:
        drawn = await node.aget_graph()
    assert [*drawn.nodes] == ["__start__", "echo", "__end__"]
