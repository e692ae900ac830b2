"""Generator functions: LangChain can stream them only by blocking the event loop."""

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Generator,
    Iterator,
)
from concurrent.futures import Future
from contextlib import aclosing
from functools import wraps
from inspect import (
    GEN_RUNNING,
    getgeneratorstate,
    isasyncgenfunction,
    isgeneratorfunction,
)
from typing import cast

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.runnables import RunnableConfig, RunnableGenerator, RunnableLambda
from langchain_core.runnables.config import run_in_executor
from langchain_core.runnables.utils import accepts_config

from runnables import kinds
from runnables.generator import Chain
from runnables.structure import Place

type _Function = Callable[..., Generator[object]]

_END = object()


def asynchronous(chain: Chain, place: Place) -> Chain | None:
    """A generator function whose steps run in a thread, and one whose messages stay
    apart; `None` for anything else."""
    name = getattr(chain, "name", None)
    match chain:
        case RunnableLambda(func=function) if not hasattr(chain, "afunc"):
            if isgeneratorfunction(kinds.unwrapped(function)):
                stream = streamed(function)
                stream = _apart(stream) if place == "last" else stream
                return RunnableLambda(stream, name=name)
        case RunnableLambda(afunc=function) if place == "last":
            if isasyncgenfunction(kinds.unwrapped(function)):
                # It is a generator's, of whatever it is given.
                generator = cast(Callable[..., AsyncGenerator[object]], function)
                return RunnableLambda(_apart(generator), name=name)
        case RunnableGenerator(_transform=function) if not hasattr(
            chain, "_atransform"
        ):
            return RunnableGenerator(transforming(function), name=name)
    return None


def streaming(found: object) -> object:
    """What a function has *found*; a runnable, if it is still to be had.

    LangChain would take a generator for a result, which the event loop would wait for.
    """
    match found:
        case Generator():
            return RunnableLambda(_apart(streamed(lambda given: found)))
        case AsyncGenerator():
            return RunnableLambda(_apart(_handed_on(found)))
        case Coroutine():
            return RunnableLambda(_waited_for(found))
        case _:
            return found


def _apart[**P](
    stream: Callable[P, AsyncGenerator[object]],
) -> Callable[P, AsyncGenerator[object]]:
    """*stream*, each of whose whole messages is a list.

    LangChain adds up what a function yields, and two messages are a prompt to it, which
    it takes for the runnable to go on with.
    """

    @wraps(stream)
    async def apart(*args: P.args, **kwargs: P.kwargs) -> AsyncGenerator[object]:
        async with aclosing(stream(*args, **kwargs)) as chunks:
            async for chunk in chunks:
                is_whole = isinstance(chunk, AIMessage)
                is_whole = is_whole and not isinstance(chunk, AIMessageChunk)
                yield [chunk] if is_whole else chunk

    return apart


def _handed_on(
    chunks: AsyncGenerator[object],
) -> Callable[..., AsyncGenerator[object]]:
    async def stream(given: object) -> AsyncGenerator[object]:
        async with aclosing(chunks):
            async for chunk in chunks:
                yield chunk

    return stream


def _waited_for(
    found: Coroutine[object, object, object],
) -> Callable[..., Awaitable[object]]:
    async def wait(given: object) -> object:
        return await found

    return wait


def streamed(function: _Function) -> Callable[..., AsyncGenerator[object]]:
    """*function* of an input, whose steps run in a thread."""

    async def stream(given: object, config: RunnableConfig) -> AsyncGenerator[object]:
        async for chunk in _in_thread(
            function(given, **_more(function, config)), config
        ):
            yield chunk

    return stream


def transforming(function: _Function) -> Callable[..., AsyncGenerator[object]]:
    """The same of pieces of its input."""

    async def transform(
        chunks: AsyncIterator[object], config: RunnableConfig
    ) -> AsyncGenerator[object]:
        source = _Pulled(chunks)
        made = function(source, **_more(function, config))
        try:
            async for chunk in _in_thread(made, config):
                yield chunk
        finally:
            source.close()

    return transform


def _more(function: _Function, config: RunnableConfig) -> dict[str, RunnableConfig]:
    return {"config": config} if accepts_config(function) else {}


async def _in_thread(
    chunks: Generator[object], config: RunnableConfig
) -> AsyncGenerator[object]:
    try:
        while (chunk := await run_in_executor(config, next, chunks, _END)) is not _END:
            yield chunk
    finally:
        # It cannot be closed while it runs, in its thread.
        if getgeneratorstate(chunks) != GEN_RUNNING:
            chunks.close()


class _Pulled(Iterator[object]):
    """Chunks of the event loop, for a thread that waits for each."""

    def __init__(self, chunks: AsyncIterator[object]) -> None:
        self._chunks, self._loop = chunks, asyncio.get_running_loop()
        self._next: Future[object] | None = None
        self._closed = False

    def __next__(self) -> object:
        self._next = asyncio.run_coroutine_threadsafe(self._pull(), self._loop)
        if self._closed:  # Maybe while the chunk was asked for.
            self._next.cancel()
        if (chunk := self._next.result()) is _END:
            raise StopIteration
        return chunk

    async def _pull(self) -> object:
        return await anext(self._chunks, _END)

    def close(self) -> None:
        """Let no thread wait any longer."""
        self._closed = True
        if self._next is not None:
            self._next.cancel()
