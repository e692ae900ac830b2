"""Patches of LangChain, each with the version it was read from and the reason.

No issue of theirs is known that asks for any of these.

`apply` puts them in place. `tests/compat` has a test for each that fails once
the patch is no longer needed.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from contextvars import ContextVar
from functools import cache, wraps
from itertools import chain

from langchain_core.language_models import (
    BaseChatModel,
    BaseLLM,
    LanguageModelInput,
    chat_models,
)
from langchain_core.messages import BaseMessage, ai, content
from langchain_core.messages.tool import ToolCallChunk
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.prompt_values import PromptValue
from langchain_core.runnables import base
from langchain_core.utils._merge import merge_dicts, merge_lists
from langchain_core.utils.aiter import Tee

_data_content_block_types = content._get_data_content_block_types
_converted = [(kind, kind._convert_input) for kind in (BaseChatModel, BaseLLM)]

_metadata = chat_models._gen_info_and_msg_metadata
_generate = BaseChatModel._generate_with_cache
_agenerate = BaseChatModel._agenerate_with_cache

type Read = Callable[[BaseMessage], None]
"""Reads the messages of one answer, and may change them."""

_reading: ContextVar[Read | None] = ContextVar("reading", default=None)

TURN = 16
"""Chunks to add up before the event loop gets its turn."""


def apply() -> None:
    """Put all patches in place; a second time does nothing."""
    # langchain-core 1.8.3, utils/_merge.py: each piece is compared with every call
    # before it, and copies the arguments that its call has so far.
    vars(ai)["merge_lists"] = merge_tool_call_chunks
    # langchain-core 1.8.3, runnables/base.py: what a step was given is added up when
    # the step has ended, chunk by chunk, without giving the event loop back.
    vars(base)["atee"] = tee
    # langchain-core 1.8.3, messages/content.py: looks the same types up, by their
    # annotations, for each part of a message.
    vars(content)["_get_data_content_block_types"] = data_content_block_types
    # langchain-core 1.8.3, language_models: a model takes messages and refuses the
    # dictionary that has them, which a function without types gets and hands on.
    for kind, convert in _converted:
        setattr(kind, "_convert_input", _taking_dictionaries(convert))  # noqa: B010 - mypy


def read_answers_with(factory: Callable[[], Read]) -> None:
    """Have each answer of a chat model read before anybody else reads it: each piece of
    it, and the whole.

    langchain-core 1.8.3, language_models/chat_models.py: a tool call without an id is
    handed on, and an agent cannot say which call a result is of.
    """

    @wraps(_generate)
    def generate(*args: object, **kwargs: object) -> ChatResult:
        before = _reading.set(factory())
        try:
            return _generate(*args, **kwargs)  # type: ignore[arg-type] # As they came.
        finally:
            _reading.reset(before)

    @wraps(_agenerate)
    async def agenerate(*args: object, **kwargs: object) -> ChatResult:
        before = _reading.set(factory())
        try:
            return await _agenerate(*args, **kwargs)  # type: ignore[arg-type] # The same.
        finally:
            _reading.reset(before)

    vars(chat_models)["_gen_info_and_msg_metadata"] = _read
    setattr(BaseChatModel, "_generate_with_cache", generate)  # noqa: B010 - mypy
    setattr(BaseChatModel, "_agenerate_with_cache", agenerate)  # noqa: B010 - mypy


def _read(generation: ChatGeneration) -> dict[str, object]:
    """LangChain's function, which it calls with each piece and with the whole."""
    if (read := _reading.get()) is not None:
        read(generation.message)
    return _metadata(generation)


def _taking_dictionaries(
    convert: Callable[..., PromptValue],
) -> Callable[[object, LanguageModelInput | Mapping[str, object]], PromptValue]:
    def converted(
        model: object, given: LanguageModelInput | Mapping[str, object]
    ) -> PromptValue:
        messages: object = given
        while isinstance(messages, Mapping):
            messages = messages.get("messages")
        return convert(model, messages if isinstance(messages, list) else given)

    return converted


@cache
def data_content_block_types() -> tuple[str, ...]:
    """LangChain's `_get_data_content_block_types`, looked up once."""
    return _data_content_block_types()


def merge_tool_call_chunks(
    left: list[ToolCallChunk] | None, *others: list[ToolCallChunk] | None
) -> list[dict[str, object]] | None:
    """What LangChain's `merge_lists` returns for tool call chunks, in linear time."""
    lists = [pieces for pieces in (left, *others) if pieces is not None]
    indexes = [call.get("index") for call in lists[0]] if lists else []
    if len(lists) < 3 or len(set(indexes)) < len(indexes):
        return merge_lists(left, *others)
    calls: list[dict[str, object]] = []
    arguments: list[list[str | None]] = []
    places: dict[object, int] = {}  # By index, and by index and id.
    for piece in chain.from_iterable(lists):
        index, call_id = piece.get("index"), piece.get("id")
        place = places.get((index, call_id) if call_id else index)
        first = places.get(index)
        if place is None and first is not None and not calls[first].get("id"):
            place = first  # Whose id comes late.
        if place is None or index is None:
            place = len(calls)
            calls.append(dict(piece))
            arguments.append([])
            places.setdefault(index, place)
        else:
            rest = {name: piece.get(name) for name in ("name", "id")}
            calls[place] = merge_dicts(calls[place], rest)
        if call_id:
            places[index, call_id] = place
        arguments[place].append(piece.get("args"))
    for call, pieces in zip(calls, arguments, strict=True):
        given = [piece for piece in pieces if piece is not None]
        call["args"] = "".join(given) if given else None
    return calls


def tee[T](
    iterable: AsyncIterator[T],
    n: int = 2,
    *,
    lock: AbstractAsyncContextManager[object] | None = None,
) -> Sequence[AsyncIterator[T]]:
    """LangChain's `Tee`; without a lock, its first iterator gives the loop back."""
    iterators: list[AsyncIterator[T]] = list(Tee(iterable, n, lock=lock))
    return iterators if lock else [_InTurns(iterators[0]), *iterators[1:]]


class _InTurns[T]:
    def __init__(self, iterator: AsyncIterator[T]) -> None:
        self._iterator = iterator
        self._given = 0

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        self._given += 1
        if self._given % TURN == 0:
            await asyncio.sleep(0)
        return await anext(self._iterator)
