"""The input and output of a chain, and its cheapest form: an async generator."""

from asyncio import CancelledError
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Callable,
    Coroutine,
    Iterable,
)
from contextlib import aclosing
from typing import Any, TypedDict
from uuid import uuid4

from langchain_core.documents import Document
from langchain_core.messages import BaseMessage
from langchain_core.runnables import Runnable, RunnableConfig, ensure_config
from langchain_core.runnables.config import (
    get_async_callback_manager_for_config,
    patch_config,
)

from runnables import taken
from runnables.exits import contained
from runnables.listening import only_ours
from streaming.errors import NotConfigured


class ChainInput(TypedDict):
    """The input of every chain: the conversation, the newest message last."""

    messages: list[BaseMessage]


Chunk = BaseMessage | Document | str
"""A chain's output: `AIMessageChunk` or `str` is the answer, `ToolMessage` a tool's
result, `Document` a source."""

Chain = Runnable[Any, Any]

Generator = Callable[[ChainInput, RunnableConfig], AsyncGenerator[Chunk]]


def from_generator(
    generator: Generator, *, takes: Iterable[str] = ()
) -> "GeneratorChain":
    """Make a chain of *generator*; its chunks go out unchanged.

    It *takes* what it hands on from `caller_tools(config)` to its model: `tools`,
    `response_format`, `reasoning_effort`.
    """
    return GeneratorChain(generator, takes)


class GeneratorChain(Runnable[ChainInput, Any]):
    """Runs an async generator; model calls within are traced as its children.

    LangChain's `RunnableGenerator` starts a task for every chunk; this starts none.
    """

    def __init__(self, generator: Generator, takes: Iterable[str] = ()) -> None:
        self._generator = generator
        self.takes = taken.fields(takes)
        self.name = generator.__name__

    def invoke(
        self, input: ChainInput, config: RunnableConfig | None = None, **kwargs: object
    ) -> Any:
        """Chains are asynchronous; raises `NotImplementedError`."""
        raise NotImplementedError("use ainvoke or astream")

    async def ainvoke(
        self, input: ChainInput, config: RunnableConfig | None = None, **kwargs: object
    ) -> str:
        """The text of the whole answer."""
        text = []
        async for chunk in self.astream(input, config):
            match chunk:
                case str():
                    text.append(chunk)
                case BaseMessage(type="AIMessageChunk" | "ai"):
                    text.append(chunk.text)
        return "".join(text)

    def astream(
        self,
        input: ChainInput,
        config: RunnableConfig | None = None,
        **kwargs: object,
    ) -> AsyncIterator[Any]:
        config = ensure_config(config)
        manager = get_async_callback_manager_for_config(config)
        if only_ours(manager.handlers):
            # Nobody would hear of its run, but custom events have to be of one.
            manager.parent_run_id = uuid4()
            # `events_of` contains what would end the process.
            return self._begun(input, patch_config(config, callbacks=manager))
        return self._stream_observed(input, config)

    def _begun(
        self, input: ChainInput, config: RunnableConfig
    ) -> AsyncGenerator[Chunk]:
        chunks = self._generator(input, config)
        if isinstance(chunks, AsyncIterator):
            return chunks
        if isinstance(chunks, Coroutine):
            chunks.close()  # It would be missed.
        raise NotConfigured(
            f"The chain's function {self.name!r} gives a {type(chunks).__name__}, "
            "expected an async generator: async def, and yield for each piece of text."
        )

    async def _stream_observed(
        self, input: ChainInput, config: RunnableConfig
    ) -> AsyncGenerator[Any]:
        manager = get_async_callback_manager_for_config(config)
        run = await manager.on_chain_start(
            None, input, name=config.get("run_name") or self.get_name()
        )
        child = patch_config(config, callbacks=run.get_child())
        try:
            with contained:
                async with aclosing(self._begun(input, child)) as chunks:
                    async for chunk in chunks:
                        yield chunk
        # All that `contained` lets out.
        except (Exception, CancelledError, GeneratorExit) as exc:
            await run.on_chain_error(exc)
            raise
        await run.on_chain_end(None)
