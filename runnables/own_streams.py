"""Classes of people's own that stream by a method which LangChain does not call.

`Runnable.astream` gives what `invoke` returns, and asks no other method of a class.
"""

from collections.abc import AsyncIterator, Generator, Iterator
from functools import reduce

from langchain_core.output_parsers import BaseOutputParser
from langchain_core.runnables import Runnable, RunnableConfig, ensure_config
from langchain_core.runnables.configurable import RunnableConfigurableFields

from runnables.functions import streamed, transforming
from runnables.generator import Chain

STREAMS = ("astream", "atransform", "stream", "transform")
"""The methods that stream, the best one first."""


def calling(part: Chain) -> Chain | None:
    """What streams by *part*'s own method; `None` if LangChain calls that already, or
    if the class has none."""
    if issubclass(_class(part), BaseOutputParser):
        return None  # It streams what the step before it streams.
    is_called = _has(part, "astream") and _has(part, "ainvoke")
    return OwnStream(part) if _streams(part) and not is_called else None


def _class(part: Chain) -> type[Chain]:
    """That of *part*, or of what is made anew with fields of the config."""
    while isinstance(part, RunnableConfigurableFields):
        part = part.default
    return type(part)


def _has(part: Chain, name: str) -> bool:
    """Whether the class of *part* has a method *name* of its own."""
    return getattr(_class(part), name) is not getattr(Runnable, name)


def _streams(part: Chain) -> list[str]:
    return [name for name in STREAMS if _has(part, name)]


class OwnStream(Runnable[object, object]):
    """Streams by the best method that *part* has, in a thread if it would block.

    Methods that a class has to have may say that they are not implemented.
    """

    def __init__(self, part: Chain) -> None:
        self.part, self._streams = part, _streams(part)
        self.name = getattr(part, "name", None)
        self.takes: frozenset[str] = getattr(part, "takes", frozenset())

    def invoke(
        self, input: object, config: RunnableConfig | None = None, **kwargs: object
    ) -> object:
        return self.part.invoke(input, config, **kwargs)

    async def ainvoke(
        self, input: object, config: RunnableConfig | None = None, **kwargs: object
    ) -> object:
        try:
            return await self.part.ainvoke(input, config, **kwargs)
        except NotImplementedError:
            chunks = [chunk async for chunk in self.astream(input, config, **kwargs)]
            return reduce(_added, chunks) if chunks else None

    async def astream(
        self, input: object, config: RunnableConfig | None = None, **kwargs: object
    ) -> AsyncIterator[object]:
        def steps(given: object, config: RunnableConfig) -> Generator[object]:
            yield from self.part.stream(given, config, **kwargs)

        match self._streams[0]:
            case "astream":
                chunks = self.part.astream(input, config, **kwargs)
            case "stream":
                chunks = streamed(steps)(input, ensure_config(config))
            case _:
                chunks = self.atransform(_alone(input), config, **kwargs)
        begun = missing = False
        try:
            async for chunk in chunks:
                begun = True
                yield chunk
        except NotImplementedError:
            missing = not begun
            if begun:
                raise
        finally:
            await _close(chunks)
        if missing:
            yield await self.part.ainvoke(input, config, **kwargs)

    async def atransform(
        self,
        input: AsyncIterator[object],
        config: RunnableConfig | None = None,
        **kwargs: object,
    ) -> AsyncIterator[object]:
        def steps(
            pieces: Iterator[object], config: RunnableConfig
        ) -> Generator[object]:
            yield from self.part.transform(pieces, config, **kwargs)

        if "atransform" in self._streams:
            chunks = self.part.atransform(input, config, **kwargs)
        elif "transform" in self._streams:
            chunks = transforming(steps)(input, ensure_config(config))
        else:
            chunks = super().atransform(input, config, **kwargs)
        try:
            async for chunk in chunks:
                yield chunk
        finally:
            await _close(chunks)


async def _alone(input: object) -> AsyncIterator[object]:
    yield input


async def _close(chunks: AsyncIterator[object]) -> None:
    # A class may have an iterator that is no generator.
    if (close := getattr(chunks, "aclose", None)) is not None:
        await close()


def _added(before: object, chunk: object) -> object:
    """What LangChain makes of all chunks: those that cannot be added up replace."""
    try:
        return before + chunk  # type: ignore[operator]  # Of whatever they are.
    except TypeError:
        return chunk
