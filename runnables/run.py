"""The one place where a runnable is run: a request in, neutral events out."""

import asyncio
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from contextvars import ContextVar
from time import monotonic
from types import CodeType
from typing import Any
from uuid import uuid4
from weakref import WeakSet

from langchain_core.messages import BaseMessage, convert_to_messages
from langchain_core.runnables import RunnableConfig

from azure_openai import token_limit
from runnables import errors
from runnables.answer_limit import AnswerLimit
from runnables.callback import RunCallback
from runnables.chunks import Translator
from runnables.exits import contain_tasks, contained
from runnables.generator import Chain
from runs import Run
from streaming.errors import InvalidRequest
from streaming.events import Event
from streaming.requests import ChatRequest, Message

type _Begun = WeakSet[AsyncGenerator[Any]]

_run: ContextVar[_Begun] = ContextVar("run")
"""LangChain's asynchronous generators that a run has begun.

Held weakly: a stream that a chain breaks off is closed then, not with the run.
"""

TURN_SECONDS = 0.01
"""How long chunks that are there already keep others from the event loop."""

CLEAN_UP_SECONDS = 1
"""For tasks that were left behind and are cancelled."""


async def events_of(
    chain: Chain, request: ChatRequest, run: Run, *, bounded: bool = False
) -> AsyncGenerator[Event]:
    """Have *chain* answer *request*; every exception comes out as a `ChatError`.

    LangChain's callbacks fill in *run*. An answer may not ask too much of tools, unless
    the models of the chain see to that themselves (*bounded*).
    """
    limits = [] if bounded else [AnswerLimit()]
    config: RunnableConfig = {
        "callbacks": [RunCallback(run), *limits],
        "configurable": {
            # What a graph with a checkpointer asks for: each run is a thread of its
            # own.
            "thread_id": str(uuid4()),
            "sampling": request.sampling.model_dump(exclude_none=True),
        },
    }
    # By default a graph streams the state after each node instead of tokens.
    mode = {"stream_mode": "messages", "subgraphs": True} if _is_graph(chain) else {}
    translator = Translator(run)
    turn = monotonic()
    ended = False
    begun: _Begun = WeakSet()
    _run.set(begun)
    token_limit.asked.set(request.limit_name)
    _note_generators()
    contain_tasks(_run)
    try:
        inputs = {"messages": _messages(request)}
        with contained:
            chunks = chain.astream(inputs, config, **mode)
            try:
                async for chunk in chunks:
                    for event in translator.events(chunk):
                        yield event
                    if monotonic() - turn > TURN_SECONDS:
                        await asyncio.sleep(0)
                        turn = monotonic()
            finally:
                await _leave(chunks, request.id)
        for event in translator.end():
            yield event
        ended = True
    except Exception as exc:
        error = errors.to_chat_error(exc, request.id)
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            # It was raised while cleaning up, and must not hide the cancellation.
            raise asyncio.CancelledError from None
        raise error from None
    finally:
        if not ended:
            await _stop_tasks(begun)
            await _close(begun)


def _note_generators() -> None:
    """From now on, have this thread's runs know the generators that they begin."""
    before = sys.get_asyncgen_hooks().firstiter

    def first(generator: AsyncGenerator[Any]) -> None:
        # Another may be what all runs of a chain share, opened with the first of them.
        begun = _run.get(None)
        if begun is not None and _is_langchains(getattr(generator, "ag_code", None)):
            begun.add(generator)
        if before is not None:
            before(generator)

    if getattr(before, "__qualname__", None) != first.__qualname__:
        sys.set_asyncgen_hooks(firstiter=first)


async def _leave(chunks: AsyncIterator[Any], request_id: str) -> None:
    """Close the chain's own generator; what that raises, nobody is left to hear."""
    try:
        with contained:
            # `Runnable.astream` is typed as an iterator; it is always a generator.
            await chunks.aclose()  # type: ignore[attr-defined]
    except Exception as exc:
        errors.log_unexpected(exc, request_id)


async def _close(begun: _Begun) -> None:
    """Close what no task is in: between two chunks a branch has none to cancel."""
    with suppress(TimeoutError):
        async with asyncio.timeout(CLEAN_UP_SECONDS):
            for generator in list(begun):
                with suppress(Exception), contained:
                    await generator.aclose()


async def _stop_tasks(run: object) -> None:
    """Cancel what LangChain has started and left: the branches of a `RunnableParallel`.

    Tasks inherit the context, so each knows whose it is.
    """
    left = [
        task
        for task in asyncio.all_tasks() - {asyncio.current_task()}
        # The HTTP client has tasks that other runs share.
        if task.get_context().get(_run) is run
        and _is_langchains(getattr(task.get_coro(), "cr_code", None))
    ]
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left, timeout=CLEAN_UP_SECONDS)


def _is_langchains(code: CodeType | None) -> bool:
    return code is not None and "langchain_core" in code.co_filename


def _messages(request: ChatRequest) -> list[BaseMessage]:
    return [_message(index, each) for index, each in enumerate(request.messages)]


def _message(index: int, message: Message) -> BaseMessage:
    fields = {"content": "", **message.model_dump(exclude_none=True)}
    for call in fields.get("tool_calls", ()):
        # Some models send nothing for a tool that takes nothing.
        call["function"]["arguments"] = call["function"]["arguments"] or "{}"
    try:
        [converted] = convert_to_messages([fields])
    except Exception:
        raise InvalidRequest(
            f"messages.{index}: tool_calls or content is not what a model can be given"
        ) from None
    return converted


def _is_graph(chain: Chain) -> bool:
    kind = getattr(sys.modules.get("langgraph.pregel"), "Pregel", None)
    return kind is not None and isinstance(chain, kind)
