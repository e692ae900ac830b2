"""The patches of LangChain: equal to what they replace, in less time, and needed."""

import asyncio
import cProfile
import pstats
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.language_models import BaseChatModel, BaseLLM, FakeListChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, content
from langchain_core.messages.tool import ToolCallChunk, tool_call
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import RunnableGenerator, base
from langchain_core.utils._merge import merge_lists
from langchain_core.utils.aiter import Tee

from compat import langchain as compat


def count(name: str, function: Callable[..., object], *given: Any) -> int:
    """How often anything called *name* runs while *function* does."""
    profile = cProfile.Profile()
    with suppress(ValueError):
        profile.runcall(function, *given)
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined] # typeshed
    return sum(numbers[1] for where, numbers in stats.items() if name in where[2])


PIECES = st.fixed_dictionaries(
    {
        "name": st.sampled_from([None, "", "a"]),
        "args": st.sampled_from([None, "", "{", "}"]),
        "id": st.sampled_from([None, "", "x", "y"]),
        "index": st.sampled_from([None, 0, 1]),
        "type": st.just("tool_call_chunk"),
    }
)


@given(st.lists(st.lists(PIECES, max_size=2), min_size=1, max_size=7))
def test_tool_calls_are_put_together_as_langchain_does(
    chunks: list[list[ToolCallChunk]],
) -> None:
    def untyped(calls: list[Any] | None) -> list[dict[str, Any]]:
        return [{**call, "type": ""} for call in calls or ()]

    before = [[dict(piece) for piece in chunk] for chunk in chunks]
    expected = untyped(merge_lists(*chunks))
    assert untyped(compat.merge_tool_call_chunks(*chunks)) == expected
    assert chunks == before


def calls(number: int) -> list[list[dict[str, Any]]]:
    piece = {"name": "a", "args": "{}", "id": None, "type": "tool_call_chunk"}
    return [[{**piece, "index": index}] for index in range(number)]


def test_langchain_still_compares_each_tool_call_with_all_before() -> None:
    """If this fails, LangChain has learnt: take the patch of its merging out."""
    assert count("isinstance", merge_lists, *calls(300)) > 300 * 300 / 2
    assert count("", compat.merge_tool_call_chunks, *calls(300)) < 300 * 30


async def turns() -> int:
    """How often another has its turn while a step's input is added up."""
    had = 0

    async def others() -> None:
        nonlocal had
        while True:
            await asyncio.sleep(0)
            had += 1

    async def chunks() -> AsyncIterator[AIMessageChunk]:
        for _ in range(1000):
            yield AIMessageChunk(content="x")

    async def parse(given: AsyncIterator[Any]) -> AsyncIterator[str]:
        async for _ in given:
            pass
        yield "parsed"

    other = asyncio.create_task(others())
    async for _ in RunnableGenerator(parse).atransform(chunks()):
        had = 0
    other.cancel()
    return had


async def test_others_have_their_turn_while_a_steps_input_is_added_up() -> None:
    compat.apply()
    assert await turns() >= 1000 // compat.TURN


async def test_langchain_still_adds_up_a_steps_input_in_one_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If this fails, LangChain has learnt: take the patch of its tee out."""
    monkeypatch.setitem(vars(base), "atee", Tee)
    assert await turns() < 1000 // compat.TURN


KINDS: list[Any] = [BaseChatModel, BaseLLM]


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_takes_the_messages_of_a_dictionary(kind: Any) -> None:
    compat.apply()
    compat.apply()
    message = HumanMessage("Why?")
    for taken in ({"messages": [message], "tone": "dry"}, [message], "Why?"):
        assert kind._convert_input(None, taken).to_messages() == [message]
    with pytest.raises(ValueError, match="Invalid input type"):
        kind._convert_input(None, {"question": "Why?"})


@pytest.mark.parametrize(("kind", "convert"), compat._converted)
def test_langchain_still_refuses_a_dictionary_of_messages(
    kind: type, convert: Callable[..., object]
) -> None:
    """If this fails, LangChain has learnt: take the patch of its models' input out."""
    with pytest.raises(ValueError, match="Invalid input type"):
        convert(None, {"messages": [HumanMessage("Why?")]})


def test_the_types_of_data_blocks_are_langchains() -> None:
    compat.apply()
    types = content._get_data_content_block_types()
    assert types == compat._data_content_block_types()
    assert content.is_data_content_block({"type": "image", "url": "https://a.test"})
    assert not content.is_data_content_block({"type": "text", "text": "hi"})


def test_langchain_still_looks_them_up_for_each_block() -> None:
    """If this fails, the patch is no longer needed."""
    assert count("get_type_hints", compat._data_content_block_types) > 0
    assert count("get_type_hints", compat._data_content_block_types) > 0


class _Calling(FakeListChatModel):
    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        message = AIMessage("", tool_calls=[tool_call(name="a", args={}, id=None)])
        return ChatResult(generations=[ChatGeneration(message=message)])


def test_langchain_still_hands_on_a_call_without_an_id() -> None:
    """If this fails, LangChain has learnt: take the patch out."""
    made = compat._generate(_Calling(responses=[]), [HumanMessage("Why?")])
    message = made.generations[0].message
    assert isinstance(message, AIMessage)
    assert [call["id"] for call in message.tool_calls] == [None]
