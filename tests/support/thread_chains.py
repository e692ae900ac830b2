"""Chains that tell what they got, and one that waits until it is let go."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, ToolMessage
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.runnables import RunnableConfig, RunnableLambda
from langgraph.graph import START, MessagesState, StateGraph

from runnables import ChainInput, Chunk, from_generator
from tests.support.kinds_of_histories import remembering as with_history


async def _echo(inputs: ChainInput, config: RunnableConfig) -> AsyncGenerator[Chunk]:
    """Answers with the texts that it got."""
    yield json.dumps([message.text for message in inputs["messages"]])


async def _slow(inputs: ChainInput, config: RunnableConfig) -> AsyncGenerator[Chunk]:
    """Begins, and then goes on for as long as a test takes."""
    yield "begun"
    await asyncio.sleep(30)
    yield "ended"


async def _failing(inputs: ChainInput, config: RunnableConfig) -> AsyncGenerator[Chunk]:
    """Says something, and fails."""
    yield "half"
    raise LookupError("a bug")


async def _tool(inputs: ChainInput, config: RunnableConfig) -> AsyncGenerator[Chunk]:
    """Looks something up, with a tool of its own."""
    if len(inputs["messages"]) > 1:
        yield json.dumps([message.type for message in inputs["messages"]])
        return
    yield "Let me look."
    call = tool_call_chunk(name="weather", args='{"city":"Bern"}', id="c1", index=0)
    yield AIMessageChunk(
        content="", id="a", tool_call_chunks=[call], chunk_position="last"
    )
    yield ToolMessage("sunny", tool_call_id="c1", name="weather")
    yield AIMessageChunk(content="It is sunny.", id="b")


def _told(state: MessagesState) -> dict[str, list[AIMessage]]:
    texts = [message.text for message in state["messages"]]
    return {"messages": [AIMessage(json.dumps(texts))]}


def _graph(told: Any = _told) -> Any:
    graph: Any = StateGraph(MessagesState).add_node("told", told)
    return graph.add_edge(START, "told").compile()


_failed: set[tuple[str, str]] = set()


def _falters(state: MessagesState, config: RunnableConfig) -> Any:
    """Fails the first time that a thread asks "again?"."""
    asked = (str(config["configurable"]["thread_id"]), state["messages"][-1].text)
    if asked[1] == "again?" and asked not in _failed:
        _failed.add(asked)
        raise LookupError("a bug")
    return _told(state)


graph = _graph()
faltering = _graph(_falters)
remembering = with_history(
    RunnableLambda(lambda given: json.dumps([m.text for m in given]))
)
echo, slow, failing, tool = map(from_generator, (_echo, _slow, _failing, _tool))
