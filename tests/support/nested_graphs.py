"""Graphs whose nodes are graphs, or speak at once, as `CHAINS` names them."""

import asyncio
import operator
from typing import Annotated, Any

from langchain.agents import create_agent
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import tool
from langgraph.graph import START, MessagesState, StateGraph

from tests.support.kinds import Model, calling, finish

CALL = ("Let me look. ", calling("weather", '{"city": "Bern"}'), finish("tool_calls"))


class Found(MessagesState):
    sources: Annotated[list[str], operator.add]


@tool
def weather(city: str) -> str:
    """The weather."""
    return f"Sunny in {city}."


class Looker(Model):
    """Calls its tool if it is asked, and else says what it knows."""

    async def _astream(self, messages: list[BaseMessage], *a: Any, **k: Any) -> Any:
        asked = isinstance(messages[-1], HumanMessage)
        model = Model(scripts=(CALL if asked else ("It is ", "sunny.", finish()),))
        async for chunk in model._astream(messages, *a, **k):
            yield chunk


def _find(state: Found) -> dict[str, list[str]]:
    return {"sources": ["a.md", "b.md"]}


def _close(state: Found) -> dict[str, Any]:
    return {"messages": [AIMessage("Ask again.")], "sources": ["c.md"]}


def team() -> Any:
    """Finds, asks an agent, and has the last word."""
    graph: Any = StateGraph(Found)
    graph.add_node("find", _find)
    graph.add_node("agent", create_agent(Looker(), [weather]))
    graph.add_node("close", _close)
    graph.add_edge(START, "find").add_edge("find", "agent").add_edge("agent", "close")
    return graph.compile()


def at_once() -> Any:
    """Two models that speak at once, the first of which ends last."""
    begun = asyncio.Event()

    async def slow(state: Found, config: RunnableConfig) -> dict[str, Any]:
        model = Model(scripts=(("one ", "two ", "three", finish()),))
        said = None
        async for chunk in model.astream(state["messages"], config):
            said = chunk if said is None else said + chunk
            begun.set()
            await asyncio.sleep(0.05)
        return {"messages": [said]}

    async def fast(state: Found, config: RunnableConfig) -> dict[str, Any]:
        await begun.wait()
        model = Model(scripts=(("quick ", "one", finish()),))
        return {
            "messages": [await model.ainvoke(state["messages"], config)],
            "sources": ["fast.md"],
        }

    graph: Any = StateGraph(Found).add_node("slow", slow).add_node("fast", fast)
    return graph.add_edge(START, "slow").add_edge(START, "fast").compile()
