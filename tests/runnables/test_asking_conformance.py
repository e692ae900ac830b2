"""Whatever waits for a person on a thread, in every dialect: the question, the ending
that the wire has for it, and the answer once it was resumed."""

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableLambda, RunnableParallel
from langchain_core.tools import tool
from langgraph.func import entrypoint
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import interrupt
from pydantic import JsonValue

from runnables import Chain
from runnables.run import events_of
from runs import Run
from runs.ending import ending
from runs.thread import Thread
from streaming import dialects
from streaming.events import Event
from streaming.requests import ChatRequest, validate
from tests.support.kept_graphs import Conversation
from tests.support.kinds import Model, calling, finish
from tests.support.langgraph_server import LangGraphServer
from tests.support.questions_read import REASONS, questions
from tests.support.said import data, objects, said

QUESTION = {"about": "Why?"}
APPROVE: JsonValue = {"decisions": [{"type": "approve"}]}


@dataclass(frozen=True)
class Asking:
    """A runnable of `make` that says *before*, asks, and, *answered*, says *after*."""

    make: Callable[[], Chain]
    after: str = "You said yes."
    before: str = ""
    count: int = 1
    answer: JsonValue = "yes"


def _ask(state: MessagesState) -> Any:
    answer = interrupt({"about": state["messages"][0].text})
    return {"messages": [AIMessage(f"You said {answer}.")]}


def _stop(state: MessagesState) -> Any:
    return {"messages": [AIMessage("You said yes.")]}


async def _talk(state: MessagesState) -> Any:
    return {"messages": [await Model().ainvoke(state["messages"])]}


def _builder(*nodes: Any) -> Any:
    graph: Any = StateGraph(MessagesState)
    for number, node in enumerate(nodes):
        graph.add_node(str(number), node)
        graph.add_edge(str(number - 1) if number else START, str(number))
    return graph


def _side_by_side() -> Any:
    def two(name: str) -> Any:
        # Functions that are not asynchronous run in threads, in any order.
        async def node(state: MessagesState) -> Any:
            return {"messages": [AIMessage(f"{name}: {interrupt(name)}.")]}

        return node

    graph: Any = StateGraph(MessagesState)
    for name in ("a", "b"):
        graph.add_node(name, two(name)).add_edge(START, name)
    return graph.compile()


@entrypoint()
async def _flow(question: str) -> str:
    return f"You said {interrupt({'about': question})}."


@tool
def pay(amount: int) -> str:
    """Pay."""
    return f"Paid {amount}."


def _agent() -> Chain:
    call = ("Let me pay. ", calling("pay", '{"amount": 5}'), finish("tool_calls"))
    model = Model(scripts=(call, ("Done.", finish())))
    approval = HumanInTheLoopMiddleware({"pay": True})
    agent: Any = create_agent(model, [pay], middleware=[approval])
    return agent  # type: ignore[no-any-return]  # LangChain's is generic


ASKING: dict[str, Asking] = {
    "graph": Asking(lambda: _builder(_ask).compile()),
    "after-the-model": Asking(
        lambda: _builder(_talk, _ask).compile(), before="Alpha beta."
    ),
    "subgraph": Asking(lambda: _builder(_builder(_ask).compile()).compile()),
    "step": Asking(
        lambda: RunnableLambda(lambda given: given) | _builder(_ask).compile()
    ),
    "before-a-step": Asking(
        lambda: _builder(_ask).compile() | (lambda state: state["messages"][-1].text)
    ),
    "parallel-in-a-node": Asking(
        lambda: _builder(
            RunnableParallel(a=_builder(_ask).compile()) | (lambda found: found["a"])
        ).compile()
    ),
    "stop-before-a-node": Asking(
        lambda: _builder(_talk, _stop).compile(interrupt_before=["1"]),
        before="Alpha beta.",
    ),
    "side-by-side": Asking(_side_by_side, after="a: yes.\n\nb: yes.", count=2),
    "entrypoint": Asking(lambda: _flow),
    "remote": Asking(lambda: LangGraphServer(_builder(_ask)).remote),
    "agent": Asking(_agent, after="Done.", before="Let me pay. ", answer=APPROVE),
}


async def run(
    kept: Conversation, dialect: str, *, stream: bool, **fields: Any
) -> bytes:
    """What *dialect* writes of a run on the thread."""
    kept.run = Run(chain="c", thread=Thread("t1", kept.key))
    request: ChatRequest = validate({"thread_id": "t1", "stream": stream, **fields})
    made: AsyncGenerator[Event] = ending(
        events_of(kept.prepared, request, kept.run, saver=kept.saver), kept.run
    )
    async with aclosing(made):
        frames = [f async for f in dialects.load(dialect).encode(made, request)]
    assert kept.run.error is None
    return b"".join(frames)


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("dialect", dialects.names())
@pytest.mark.parametrize("name", ASKING)
async def test_it_asks_and_goes_on_in_every_dialect(
    name: str, dialect: str, stream: bool
) -> None:
    asking = ASKING[name]
    kept = Conversation(asking.make())
    message = {"role": "user", "content": "Why?"}
    body = await run(kept, dialect, stream=stream, messages=[message])
    expected = [(each.id, each.value) for each in kept.run.interrupts]
    assert len(expected) == asking.count
    assert (kept.run.status, kept.run.finish_reason) == ("interrupt", "interrupt")
    if dialect in REASONS:
        assert questions(dialect, body, stream=stream) == (expected, REASONS[dialect])
        assert said(dialect, body, stream=stream) == asking.before
    else:
        check_text(dialect, body, stream, asking.before, [v for _, v in expected])
    answers = {key: asking.answer for key, _ in expected}
    body = await run(kept, dialect, stream=stream, messages=[], resume=answers)
    assert (kept.run.status, kept.run.finish_reason) == ("ok", "stop")
    text = body.decode() if dialect == "plain" else said(dialect, body, stream=stream)
    assert text == asking.after


def check_text(
    dialect: str, body: bytes, stream: bool, before: str, values: list[JsonValue]
) -> None:
    """A dialect that has nothing but text says the questions after it, and ends as
    ever."""
    wholes = [each if isinstance(each, str) else compact(each) for each in values]
    told = "\n\n".join([before, *wholes] if before else wholes)
    if dialect == "plain" or (dialect == "text" and not stream):
        assert body.decode() == told
        return
    assert said(dialect, body, stream=stream) == told
    if dialect == "text":
        assert data(body)[-1] == "[DONE]"
    elif stream:
        assert objects(body)[-1] == {"status": "completed"}


def compact(value: JsonValue) -> str:
    return json.dumps(value, separators=(",", ":"))
