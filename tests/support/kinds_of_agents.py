"""Agents, tools, and graphs that run elsewhere."""

import json
from typing import Annotated, Any

import httpx
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import InjectedToolCallId, tool
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode
from langgraph.pregel.remote import RemoteGraph
from langgraph.types import Command
from langgraph_sdk.client import LangGraphClient
from pydantic import BaseModel

from runnables import Chain
from tests.support.kinds import ANSWER, Model, calling, finish, kind
from tests.support.kinds_of_graphs import answering, one_node

CALL = ("Let me look. ", calling("weather", "{}"), finish("tool_calls"))
SILENT_CALL = (calling("weather", "{}"), finish("tool_calls"))


class Verdict(BaseModel):
    """A verdict."""

    good: bool


def _next(state: MessagesState) -> str:
    last = state["messages"][-1]
    return "tools" if isinstance(last, AIMessage) and last.tool_calls else END


def agent_of(model: Model, *tools: Any, direct: bool = False) -> Chain:
    """The loop of a model and its tools; a *direct* one ends with a tool's result."""
    graph = StateGraph(MessagesState)
    graph.add_node("agent", answering(model)).add_edge(START, "agent")
    graph.add_node("tools", ToolNode(list(tools)))
    graph.add_conditional_edges("agent", _next, ["tools", END])
    return graph.add_edge("tools", END if direct else "agent").compile()


@tool
def weather() -> str:
    """The weather."""
    return "Sunny."


@kind(text="Let me look. \n\nAlpha beta.", calls=2, scripts=[CALL, ANSWER])
def agent(model: Model) -> Chain:
    """An agent that says something before it calls a tool: two paragraphs"""
    return agent_of(model, weather)


HANDOFF = (calling("to_bob", "{}"), finish("tool_calls"))


@tool
def to_bob(tool_call_id: Annotated[str, InjectedToolCallId]) -> Command[Any]:
    """Hand over to Bob."""
    result = ToolMessage("Bob it is.", tool_call_id=tool_call_id)
    return Command(goto="bob", graph=Command.PARENT, update={"messages": [result]})


@kind(calls=2, scripts=[HANDOFF, ANSWER])
def swarm(model: Model) -> Chain:
    """An agent that hands over to another one, with `Command(graph=Command.PARENT)`"""
    graph = StateGraph(MessagesState)
    graph.add_node("alice", agent_of(model, to_bob), destinations=("bob",))
    graph.add_node("bob", answering(model)).add_edge(START, "alice")
    return graph.compile()


@kind(text="Sunny.", scripts=[SILENT_CALL], streams=False)
def return_direct(model: Model) -> Chain:
    """An agent that ends with a tool's result: that is the answer"""
    return agent_of(model, weather, direct=True)


@kind(calls=3, scripts=[SILENT_CALL, ("Hidden.", finish()), ANSWER])
def tool_with_model(model: Model) -> Chain:
    """A tool that asks a model: its result is shown, not what the model says"""

    @tool("weather")
    async def asking() -> str:
        """The weather."""
        await model.ainvoke("?")
        return "Sunny."

    return agent_of(model, asking)


class Judged(MessagesState):
    structured_response: Verdict


GRADE = (calling("Verdict", '{"good": true}'), finish("tool_calls"))


@kind(calls=2, scripts=[GRADE, ANSWER])
def graded(model: Model) -> Chain:
    """A node that decides by `with_structured_output`: no part of the answer"""
    answer = answering(model)
    judge = model.with_structured_output(Verdict)

    async def decide(state: MessagesState, config: RunnableConfig) -> Any:
        await judge.ainvoke(state["messages"], config)
        return await answer(state, config)

    return one_node(MessagesState, decide)


@kind(text='{"good":true}', output={"good": True}, scripts=[GRADE], streams=False)
def response_format(model: Model) -> Chain:
    """An agent's `structured_response`: as JSON, once"""
    judge = model.with_structured_output(Verdict)

    async def decide(state: Judged, config: RunnableConfig) -> Any:
        return {"structured_response": await judge.ainvoke(state["messages"], config)}

    return one_node(Judged, decide)


@kind(
    text='{"good": true}',
    output={"good": True},
    scripts=[('{"good": ', "true}", finish())],
)
def response_format_of_provider(model: Model) -> Chain:
    """The same, if the model has said it already"""
    answer = answering(model)

    async def decide(state: Judged, config: RunnableConfig) -> Any:
        said = await answer(state, config)
        return {**said, "structured_response": Verdict(good=True)}

    return one_node(Judged, decide)


@kind(text="Limit reached.", scripts=[SILENT_CALL], streams=False)
def call_limit(model: Model) -> Chain:
    """An agent that is stopped by a call limit"""
    inner = agent_of(model, weather, direct=True)

    def stop(state: MessagesState) -> dict[str, Any]:
        return {"messages": [AIMessage("Limit reached.")]}

    graph = StateGraph(MessagesState).add_node("agent", inner).add_node("stop", stop)
    return graph.add_edge(START, "agent").add_edge("agent", "stop").compile()


def _frames() -> str:
    """What LangGraph's server streams for a graph of one node."""
    metadata = {"langgraph_node": "answer", "langgraph_checkpoint_ns": "answer:1"}
    asked = {"type": "human", "content": "Why?", "id": "h"}
    pieces = [("Alpha ", {}), ("beta.", {}), ("", {"finish_reason": "stop"})]
    frames: list[tuple[str, Any]] = [("values", {"messages": [asked]})]
    for text, ending in pieces:
        chunk = {"type": "AIMessageChunk", "content": text, "id": "m"}
        frames.append(("messages", [{**chunk, "response_metadata": ending}, metadata]))
    reply = {"type": "ai", "content": "Alpha beta.", "id": "m"}
    frames.append(("updates", {"answer": {"messages": [reply]}}))
    frames.append(("values", {"messages": [asked, reply]}))
    return "".join(f"event: {e}\ndata: {json.dumps(d)}\n\n" for e, d in frames)


def _answer(request: httpx.Request) -> httpx.Response:
    assert request.url.path == "/runs/stream"
    head = {"content-type": "text/event-stream"}
    return httpx.Response(200, text=_frames(), headers=head)


@kind(calls=0)
def remote_graph(model: Model) -> Chain:
    """`RemoteGraph`: without a thread, so that its server keeps nothing"""
    http = httpx.AsyncClient(
        transport=httpx.MockTransport(_answer), base_url="http://graphs"
    )
    return RemoteGraph("agent", client=LangGraphClient(http))
