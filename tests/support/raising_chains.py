"""Chains that raise, each at another place or in another way."""

from collections.abc import AsyncGenerator
from importlib import import_module
from typing import NoReturn

from langchain_core.runnables import RunnableConfig, RunnableLambda
from langgraph.graph import START, StateGraph
from pydantic import BaseModel

from runnables import Chain, ChainInput, Chunk, from_generator
from settings import Settings
from tests.support.example_chains import State
from tests.support.exiting_chains import SECRET_BEGINS, leave


def _raise(name: str, kind: type[Exception] = ValueError) -> NoReturn:
    raise kind(f"{SECRET_BEGINS} of {name}")


def at_first(settings: Settings) -> Chain:
    return RunnableLambda(lambda _: _raise("at_first"))


async def _later(inputs: ChainInput, config: RunnableConfig) -> AsyncGenerator[Chunk]:
    yield "one"
    _raise("later")


def later(settings: Settings) -> Chain:
    return from_generator(_later)


def mapped(settings: Settings) -> Chain:
    """What callers get as the model's time-out may be the chain's own."""
    return RunnableLambda(lambda _: _raise("mapped", TimeoutError))


async def _cleaning(
    inputs: ChainInput, config: RunnableConfig
) -> AsyncGenerator[Chunk]:
    try:
        for _ in range(9):
            yield "one"
    finally:
        _raise("cleaning")


def cleaning(settings: Settings) -> Chain:
    return from_generator(_cleaning)


def node(settings: Settings) -> Chain:
    graph = StateGraph(State)
    graph.add_node("node", lambda _: _raise("node"))
    graph.add_edge(START, "node")
    return graph.compile()


def _raise_group(_: object) -> NoReturn:
    try:
        _raise("group")
    except ValueError as exc:
        raise ExceptionGroup("several", [exc]) from None


def group(settings: Settings) -> Chain:
    return RunnableLambda(_raise_group)


def ending(settings: Settings) -> Chain:
    return RunnableLambda(leave)


class Keys(BaseModel):
    """Settings of a chain's own, whose exceptions quote what they got."""

    port: int


def unbuilt(settings: Settings) -> Chain:
    Keys.model_validate({"port": SECRET_BEGINS})
    return RunnableLambda(str)


def unimported(settings: Settings) -> Chain:
    import_module("a_package_that_nobody_has")
    return RunnableLambda(str)
