"""A chain made of a generator is a LangChain runnable like any other."""

from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import pytest
from langchain_core.callbacks.base import BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.messages import HumanMessage
from langchain_core.runnables import RunnableConfig

from runnables import ChainInput, Chunk, from_generator
from tests.support.example_chains import answering

QUESTION: ChainInput = {"messages": [HumanMessage("hello")]}


async def _with_a_source(
    inputs: ChainInput, config: RunnableConfig
) -> AsyncGenerator[Chunk]:
    yield Document("source")
    yield "Well: "
    async for chunk in answering.astream(inputs["messages"], config):
        yield chunk


chain = from_generator(_with_a_source)


class Family(BaseCallbackHandler):
    """Notes who called whom, and how each ended."""

    def __init__(self) -> None:
        self.parents: dict[str, UUID | None] = {}
        self.ids: dict[str, UUID] = {}
        self.endings: list[str] = []

    def _begin(self, kind: str, run_id: UUID, parent: UUID | None) -> None:
        self.ids[kind], self.parents[kind] = run_id, parent

    def on_chain_start(self, *args: Any, run_id: UUID, **kwargs: Any) -> None:
        self._begin("chain", run_id, kwargs["parent_run_id"])

    def on_chat_model_start(self, *args: Any, run_id: UUID, **kwargs: Any) -> None:
        self._begin("model", run_id, kwargs["parent_run_id"])

    def on_chain_end(self, *args: Any, **kwargs: Any) -> None:
        self.endings.append("end")

    def on_chain_error(self, error: BaseException, **kwargs: Any) -> None:
        self.endings.append(type(error).__name__)


async def test_its_whole_answer_is_the_text() -> None:
    assert await chain.ainvoke(QUESTION) == "Well: Hello"


async def test_it_can_stand_in_a_sequence() -> None:
    shout = chain | (lambda text: text.upper())
    assert await shout.ainvoke(QUESTION) == "WELL: HELLO"


def test_it_does_not_block() -> None:
    with pytest.raises(NotImplementedError, match="ainvoke or astream"):
        chain.invoke(QUESTION)


async def test_model_calls_within_are_its_children() -> None:
    family = Family()
    async for _ in chain.astream(QUESTION, {"callbacks": [family]}):
        pass
    assert family.parents == {"chain": None, "model": family.ids["chain"]}
    assert family.endings == ["end"]


async def test_a_reader_who_stops_is_told_to_the_callbacks() -> None:
    family = Family()
    chunks = chain.astream(QUESTION, {"callbacks": [family]})
    await anext(chunks)
    await chunks.aclose()  # type: ignore[attr-defined]  # It is a generator.
    assert family.endings == ["GeneratorExit"]
