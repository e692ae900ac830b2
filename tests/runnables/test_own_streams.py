"""Classes of people's own, which have one method alone."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from anyio.lowlevel import checkpoint
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import (
    RouterRunnable,
    Runnable,
    RunnableBranch,
    RunnableLambda,
    RunnablePassthrough,
)

from runnables import Chain
from runnables.prepared import prepare
from runnables.run import events_of
from runs import Run
from streaming.errors import InternalError
from streaming.events import TextDelta
from streaming.requests import validate
from tests.support.kinds import Model


class Mute(Runnable[Any, Any]):
    def invoke(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError


class Streams(Mute):
    def stream(self, *args: Any, **kwargs: Any) -> Iterator[str]:
        assert threading.current_thread() is not threading.main_thread()
        yield from ("a", "b")


class Iterates(Mute):
    def stream(self, *args: Any, **kwargs: Any) -> Iterator[str]:
        return iter(("a", "b"))


class Transforms(Mute):
    def transform(self, input: Iterator[Any], *args: Any, **kwargs: Any) -> Any:
        assert [*input]
        assert threading.current_thread() is not threading.main_thread()
        yield from ("a", "b")


class StreamsAsynchronously(Mute):
    async def astream(self, *args: Any, **kwargs: Any) -> AsyncIterator[str]:
        yield "a"
        yield "b"


class IteratesAsynchronously(Mute):
    def astream(self, *args: Any, **kwargs: Any) -> Any:
        return _Letters()


class _Letters:
    """An iterator that cannot be closed."""

    def __init__(self) -> None:
        self.left = ["a", "b"]

    def __aiter__(self) -> AsyncIterator[str]:
        return self

    async def __anext__(self) -> str:
        if not self.left:
            raise StopAsyncIteration
        return self.left.pop(0)


class TransformsAsynchronously(Mute):
    async def atransform(self, input: Any, *args: Any, **kwargs: Any) -> Any:
        assert [each async for each in input]
        yield "a"
        yield "b"


class Invokes(Runnable[Any, Any]):
    def invoke(self, *args: Any, **kwargs: Any) -> Any:
        return "ab"


class InvokesAsynchronously(Mute):
    async def ainvoke(self, *args: Any, **kwargs: Any) -> Any:
        return "ab"


def _routed(given: object) -> Any:
    return {"key": "a", "input": given}


STREAMING = [
    *(Streams, Iterates, Transforms, StreamsAsynchronously, IteratesAsynchronously),
    TransformsAsynchronously,
]

CHAINS: dict[str, Callable[[Chain], Chain]] = {
    "alone": lambda part: part,
    "after a model": lambda part: Model() | part,
    "before a parser": lambda part: part | StrOutputParser(),
    "of a function": lambda part: RunnableLambda(lambda given: part),
    "bound": lambda part: part.bind(any="thing").with_retry(),
    "assigned": lambda part: RunnablePassthrough.assign(answer=part),
    "on a route": lambda part: RunnableLambda(_routed) | RouterRunnable({"a": part}),
}


async def texts(chain: Chain) -> list[str]:
    request = validate({"messages": [{"role": "user", "content": "Why?"}]})
    async with asyncio.timeout(5):
        made = events_of(prepare(chain), request, Run())
        return [event.text async for event in made if isinstance(event, TextDelta)]


@pytest.mark.parametrize("form", CHAINS)
@pytest.mark.parametrize("kind", STREAMING)
async def test_it_streams_by_the_one_method_that_it_has(
    kind: type[Mute], form: str
) -> None:
    assert await texts(CHAINS[form](kind())) == ["a", "b"]


def _yes(given: object) -> str:
    return "yes"


def _no(given: object) -> str:
    return "no"


@pytest.mark.parametrize("kind", [*STREAMING, Invokes, InvokesAsynchronously])
async def test_its_whole_answer_is_all_of_that(kind: type[Chain]) -> None:
    assert await texts(kind() | RunnableLambda(str.upper)) == ["AB"]
    assert await texts(kind().map()) == ['["ab"]']
    assert await texts(RunnableBranch((kind(), _yes), _no)) == ["yes"]
    assert await prepare(kind()).chain.ainvoke({"messages": []}) == "ab"


class InvokesAlone(Invokes):
    def stream(self, *args: Any, **kwargs: Any) -> Iterator[str]:
        raise NotImplementedError


async def test_a_stream_that_is_not_implemented_is_none() -> None:
    assert await texts(InvokesAlone()) == ["ab"]
    assert await texts(Model() | InvokesAlone() | StrOutputParser()) == ["ab"]


class Fails(Invokes):
    def stream(self, *args: Any, **kwargs: Any) -> Iterator[str]:
        yield "a"
        raise NotImplementedError


async def test_a_stream_that_fails_on_its_way_does_not_begin_anew() -> None:
    with pytest.raises(InternalError):
        await texts(Fails())


async def test_leaving_it_stops_the_model_within() -> None:
    model = Model(scripts=[["Alpha ", asyncio.Event()]])

    class Passes(Mute):
        def transform(self, input: Iterator[Any], *args: Any, **kwargs: Any) -> Any:
            for piece in input:
                yield piece.text

    reading = asyncio.create_task(texts(model | Passes()))
    async with asyncio.timeout(5):
        await model.waits.wait()
        reading.cancel()
        await asyncio.wait([reading])
        while not model.left:  # The model's task is told by the thread's future.
            await checkpoint()
    assert (model.left, model.ended) == (1, 0)
