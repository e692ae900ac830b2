"""`Kind`: a runnable as people bring it, what it answers, and with what model."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.chat_models import (
    agenerate_from_stream,
    generate_from_stream,
)
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from pydantic import Field

from compat import langchain
from runnables import Chain
from tests.support.example_chains import calling, finish

__all__ = ["ANSWER", "Kind", "Model", "calling", "finish", "kind", "kinds_in"]

langchain.apply()  # As the app does before its first chain.

ANSWER = ("Alpha ", "beta.", finish())


class Model(BaseChatModel):
    """Answers each call with the next of its scripts, and again with the last.

    `begun`, `ended` and `left` count its calls; `waits` is set when it waits.
    """

    scripts: Sequence[Sequence[Any]] = (ANSWER,)
    begun: int = 0
    left: int = 0
    ended: int = 0
    waits: Any = Field(default_factory=asyncio.Event)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Any, **kwargs: Any) -> Runnable[Any, Any]:
        return self.bind(**{k: v for k, v in kwargs.items() if k.startswith("ls_")})

    def _script(self) -> Sequence[Any]:
        self.begun += 1
        return self.scripts[min(self.begun, len(self.scripts)) - 1]

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        return generate_from_stream(self._stream(*args, **kwargs))

    def _stream(
        self, messages: list[BaseMessage], *args: Any, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        for step in self._script():
            if isinstance(step, Exception):
                raise step
            yield _chunk(step)
        self.ended += 1

    async def _agenerate(self, *args: Any, **kwargs: Any) -> ChatResult:
        return await agenerate_from_stream(self._astream(*args, **kwargs))

    async def _astream(
        self, messages: list[BaseMessage], *args: Any, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        assert "'messages':" not in str(messages), "a dictionary in the prompt"
        ended = False
        try:
            for step in self._script():
                match step:
                    case asyncio.Event():
                        self.waits.set()
                        await step.wait()
                    case Exception():
                        raise step
                    case _:
                        yield _chunk(step)
            ended = True
        finally:
            self.ended += ended
            self.left += not ended


def _chunk(step: Any) -> ChatGenerationChunk:
    message = AIMessageChunk(content=step) if isinstance(step, str) else step
    info = dict(message.response_metadata)
    return ChatGenerationChunk(
        message=message.model_copy(), generation_info=info or None
    )


@dataclass(frozen=True, slots=True)
class Kind:
    """What `make` builds of a model, and what one request to it gives.

    `calls` is how many calls of the model end, each of one token unless `tokens` says
    how many all have. A runnable that answers only when it has ended does not `stream`.
    """

    name: str
    about: str
    make: Callable[[Model], Chain]
    text: str = "Alpha beta."
    scripts: Sequence[Sequence[Any]] = (ANSWER,)
    calls: int = 1
    tokens: int | None = None
    finish: str = "stop"
    inputs: Mapping[str, Any] = field(default_factory=dict)
    output: Any = None
    streams: bool = True

    def __str__(self) -> str:
        return self.name


def kind(**expected: Any) -> Callable[[Callable[[Model], Chain]], Kind]:
    """Make a `Kind` of a function, whose docstring says what it is."""

    def make(function: Callable[[Model], Chain]) -> Kind:
        about = (function.__doc__ or "").partition("\n")[0].rstrip(".")
        name = function.__name__.strip("_").replace("_", "-")
        return Kind(name, about, function, **expected)

    return make


def kinds_in(module: Mapping[str, Any]) -> list[Kind]:
    return [value for value in module.values() if isinstance(value, Kind)]
