"""The patches of LangChain: equal to what they replace, in less time, and needed."""

import asyncio
import cProfile
import importlib.util
import json
import pstats
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from types import ModuleType
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from langchain_core.messages import AIMessageChunk
from langchain_core.runnables import RunnableGenerator, base
from langchain_core.utils import json as langchain_json
from langchain_core.utils._merge import merge_lists
from langchain_core.utils.aiter import Tee

from compat import langchain as compat
from tests.standin import arguments


def unpatched() -> ModuleType:
    """LangChain's module as it is written."""
    spec = importlib.util.find_spec(langchain_json.__name__)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ORIGINAL = unpatched()

SIGNS = '{}[]",:\\\n 10-.eE'
WORDS = ["true", "null", "NaN", "-Infinity", '"a"', '{"a":', "\\u", "d83d", '\\"', "é"]
MARKUP = st.lists(st.sampled_from([*SIGNS, *WORDS]), max_size=12).map("".join)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """JSON that ends early, or has something in it that does not belong there."""
    text = json.dumps(draw(VALUES), ensure_ascii=draw(st.booleans()))
    at = draw(st.integers(0, len(text)))
    rest: str = draw(st.sampled_from(["", *SIGNS, text[at + 1 :]]))
    return text[:at] + rest


def outcome(parse: Callable[..., Any], text: str, strict: bool) -> tuple[str, str]:
    """What *parse* gives or raises; as text, since NaN equals nothing."""
    try:
        return "value", repr(parse(text, strict=strict))
    except ValueError as exc:
        return type(exc).__name__, str(exc)


@given(MARKUP | damaged(), st.booleans())
@example('{"a": [1], "b": tru', False)
@example('{"a": "x\\u12', False)
@example('{"a": 1} {"b":', False)
@example('{"a": "1\n2', True)
def test_json_that_is_partial_or_wrong_is_read_as_langchain_does(
    text: str, strict: bool
) -> None:
    expected = outcome(ORIGINAL.parse_partial_json, text, strict)
    assert outcome(compat.parse_partial_json, text, strict) == expected


def count(name: str, function: Callable[..., object], *given: Any) -> int:
    """How often anything called *name* runs while *function* does."""
    profile = cProfile.Profile()
    with suppress(ValueError):
        profile.runcall(function, *given)
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined] # typeshed
    return sum(numbers[1] for where, numbers in stats.items() if name in where[2])


@pytest.mark.parametrize("kind", ["bad_escape", "raw_code", "brackets"])
def test_however_long_json_is_it_is_tried_three_times(kind: str) -> None:
    text = getattr(arguments, kind)(200_000)
    assert count("loads", compat.parse_partial_json, text) <= 3


def test_langchain_still_tries_once_for_each_character() -> None:
    """If this fails, LangChain has learnt: take the patch of its parser out."""
    text = arguments.bad_escape(300)
    assert count("loads", ORIGINAL.parse_partial_json, text) > 300


def test_the_patch_is_what_every_importer_of_the_name_calls() -> None:
    compat.apply()
    compat.apply()
    text = arguments.bad_escape(300)
    assert count("loads", langchain_json.parse_partial_json, text) <= 3
    assert count("loads", langchain_json.parse_json_markdown, text) <= 6


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
    chunks: list[list[dict[str, Any]]],
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
