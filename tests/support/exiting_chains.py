"""Chains that end with something else than an `Exception`, each at another place."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any, NoReturn

from langchain_core.language_models import BaseChatModel
from langchain_core.outputs import ChatResult
from langchain_core.runnables import (
    Runnable,
    RunnableConfig,
    RunnableGenerator,
    RunnableLambda,
    RunnableParallel,
    RunnablePassthrough,
)
from langchain_core.tools import tool
from langgraph.graph import END, START, StateGraph
from langgraph.prebuilt import ToolNode

from runnables import Chain, ChainInput, Chunk, from_generator
from settings import Settings
from tests.support.example_chains import ScriptedModel, State, calling, finish

SECRET_BEGINS = "the-text-of-an-" + "exit"
SECRET = f"{SECRET_BEGINS} in process {os.getpid()}"
"""Not as such in the source, whose lines a log may quote."""


class Ending(BaseException):
    """A library's own, as test runners and notebooks have one."""


def leave(*_: object) -> NoReturn:
    """End the process, as a tool that runs code does for `exit()`."""
    sys.exit(SECRET)


async def aleave(*_: object) -> NoReturn:
    sys.exit(SECRET)


def _raising(before: list[str], make: Callable[[str], BaseException]) -> Chain:
    async def generate(
        inputs: ChainInput, config: RunnableConfig
    ) -> AsyncGenerator[Chunk]:
        for chunk in before:
            yield chunk
        # One of its own: what is raised again keeps the frames of each time before.
        raise make(SECRET)

    return from_generator(generate)


at_first = _raising([], SystemExit)
in_the_middle = _raising(["before"], SystemExit)
interrupt = _raising(["before"], KeyboardInterrupt)
ending = _raising([], Ending)
ending_in_the_middle = _raising(["before"], Ending)
group = _raising([], lambda text: BaseExceptionGroup(text, [SystemExit(text)]))

in_a_thread: Runnable[Any, Any] = RunnableLambda(leave)
on_the_loop: Runnable[Any, Any] = RunnableLambda(leave, aleave)


async def _speaking(chunks: AsyncIterator[Any]) -> AsyncGenerator[str]:
    async for _ in chunks:
        yield ""
    leave()


branch = RunnablePassthrough.assign(answer=RunnableGenerator(_speaking))
branches: Runnable[Any, Any] = RunnableParallel(
    answer=RunnableLambda(aleave), other=RunnableLambda(lambda _: leave())
)


class Exiting(BaseChatModel):
    """A model whose library gives up on the process."""

    @property
    def _llm_type(self) -> str:
        return "exiting"

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        leave()


model: Runnable[Any, Any] = Exiting()


@tool
def run_code(code: str) -> str:
    """Run code."""
    leave()


@tool
async def arun_code(code: str) -> str:
    """Run code."""
    leave()


def _agent(name: str) -> Chain:
    calls = ScriptedModel(script=[calling(name, '{"code": "exit()"}'), finish()])

    async def think(state: State, config: RunnableConfig) -> dict[str, Any]:
        return {"messages": [await calls.ainvoke(state["messages"], config)]}

    graph = StateGraph(State).add_node("think", think)
    graph.add_node("tools", ToolNode([run_code, arun_code]))
    return graph.add_edge(START, "think").add_edge("think", "tools").compile()


tool_in_a_thread = _agent("run_code")
tool_on_the_loop = _agent("arun_code")


async def _say_nothing(state: State) -> dict[str, Any]:
    return {"messages": []}


def _graph(*nodes: Callable[..., Any], then: Any = None) -> Chain:
    """All *nodes* at once, and where to go after the first."""
    graph = StateGraph(State)
    for number, node in enumerate(nodes):
        graph.add_node(str(number), node).add_edge(START, str(number))
    if then is not None:
        graph.add_conditional_edges("0", then, [END])
    return graph.compile()


node = _graph(aleave)
node_in_a_thread = _graph(leave)
nodes = _graph(aleave, _say_nothing)
nodes_in_threads = _graph(leave, _say_nothing)
edge = _graph(_say_nothing, then=aleave)
edges = _graph(_say_nothing, _say_nothing, then=aleave)
edges_in_threads = _graph(_say_nothing, _say_nothing, then=leave)


class Choosing(Runnable[Any, str]):
    """Of a node that runs beside another, langgraph starts no task for this."""

    name = "choosing"

    def invoke(self, *args: Any, **kwargs: Any) -> str:
        leave()


choice = _graph(_say_nothing, _say_nothing, then=Choosing())


async def _with_a_task(
    inputs: ChainInput, config: RunnableConfig
) -> AsyncGenerator[Chunk]:
    yield "before"
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(aleave())


own_task = from_generator(_with_a_task)


async def _in_its_cleaning() -> AsyncGenerator[str]:
    try:
        yield "once"
        yield "twice"
    finally:
        _cleaned.set()
        leave()


_cleaned = asyncio.Event()


async def _dropping(
    inputs: ChainInput, config: RunnableConfig
) -> AsyncGenerator[Chunk]:
    """Leave a generator to the collector, and a task to itself."""
    async for chunk in _in_its_cleaning():
        yield chunk
        break
    await asyncio.wait([asyncio.create_task(aleave())])
    await _cleaned.wait()
    yield " and well"


dropping = from_generator(_dropping)


async def _cleaning(
    inputs: ChainInput, config: RunnableConfig
) -> AsyncGenerator[Chunk]:
    try:
        yield "before"
        await asyncio.Event().wait()
    finally:
        leave()


cleaning = from_generator(_cleaning)
cleaning_branch: Runnable[Any, Any] = RunnableParallel(answer=cleaning)


async def _flooding(
    inputs: ChainInput, config: RunnableConfig
) -> AsyncGenerator[Chunk]:
    try:
        while True:
            yield "x" * 10_000
    finally:
        leave()


flooding = from_generator(_flooding)


def building(settings: Settings) -> Chain:
    """Has no licence, say, and ends the script."""
    leave()


_released = asyncio.Event()


async def _patient(inputs: ChainInput, config: RunnableConfig) -> AsyncGenerator[Chunk]:
    _released.clear()
    yield "one"
    await _released.wait()
    yield " two"


async def _releasing(
    inputs: ChainInput, config: RunnableConfig
) -> AsyncGenerator[Chunk]:
    _released.set()
    yield "released"


patient = from_generator(_patient)
releasing = from_generator(_releasing)
