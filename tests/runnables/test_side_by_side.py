"""What asks a person at the same time as something else, or in a function, in a graph.

LangGraph goes on with these, whereas LangChain's own parallel runnables and functions
would begin anew.
"""

import asyncio
from typing import Any, TypedDict

import pytest
from langchain_core.runnables import RunnableConfig, RunnableParallel
from langgraph.func import entrypoint, task
from langgraph.graph import START, StateGraph
from langgraph.types import interrupt

from runnables import Chain
from tests.support.kept_graphs import Conversation, asked, text


class Asked(TypedDict, total=False):
    question: str
    answer: str


def _asking(what: str) -> Any:
    # Functions that are not asynchronous run in threads, in any order.
    async def ask(state: Asked) -> Any:
        return {"answer": interrupt(f"{what}: {state['question']}")}

    graph: Any = StateGraph(Asked).add_node("ask", ask).add_edge(START, "ask")
    return graph.compile()


def _node(node: Any) -> Chain:
    graph: Any = StateGraph(Asked).add_node("node", node).add_edge(START, "node")
    return graph.compile()  # type: ignore[no-any-return]  # LangGraph's is generic


def _both(found: Any) -> Any:
    return {"answer": f"{found['a']['answer']} and {found['b']['answer']}"}


def _parallel() -> Any:
    return RunnableParallel(a=_asking("a"), b=_asking("b"))


async def _function(state: Asked, config: RunnableConfig) -> Any:
    return _both(await _parallel().ainvoke(state, config))


PARALLEL = {
    "a parallel runnable as a node": lambda: _node(_parallel() | _both),
    "a parallel runnable in a node": lambda: _node(_function),
}


@pytest.mark.parametrize("place", PARALLEL)
async def test_branches_in_a_node_ask_and_go_on(place: str) -> None:
    kept = Conversation(PARALLEL[place]())
    said = await kept.say("Why?")
    answers = {"a: Why?": "A", "b: Why?": "B"}
    for _ in range(2):
        for question in list(kept.run.interrupts):
            said = await kept.resume({question.id: answers[str(question.value)]})
    assert text(said) == "A and B"


@task
async def _ask(what: str) -> Any:
    return interrupt(what)


@entrypoint()
async def _flow(question: str) -> str:
    answers = await asyncio.gather(_ask(f"a: {question}"), _ask(f"b: {question}"))
    return " and ".join(map(str, answers))


@entrypoint()
async def _loop(question: str) -> str:
    said = [interrupt(question)]
    while said[-1] != "stop":
        said.append(interrupt(f"and after {said[-1]}?"))
    return " ".join(said)


async def test_a_function_goes_on_as_an_entrypoint() -> None:
    kept = Conversation(_loop)
    assert asked(await kept.say("Why?")) == ["Why?"]
    assert asked(await kept.resume("x")) == ["and after x?"]
    assert text(await kept.resume("stop")) == "x stop"


async def test_the_tasks_of_an_entrypoint_ask_one_after_the_other() -> None:
    kept = Conversation(_flow)
    assert asked(await kept.say("Why?")) == ["a: Why?"]
    assert asked(await kept.resume("A")) == ["b: Why?"]
    assert text(await kept.resume("B")) == "A and B"
