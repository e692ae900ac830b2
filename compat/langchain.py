"""Patches of LangChain, each with the version it was read from and the reason.

No issue of theirs is known that asks for any of these.

`apply` puts them in place. `tests/compat` has a test for each that fails once
the patch is no longer needed.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from itertools import chain
from typing import Any

from langchain_core.messages import ai
from langchain_core.runnables import base
from langchain_core.utils import json as langchain_json
from langchain_core.utils._merge import merge_dicts, merge_lists
from langchain_core.utils.aiter import Tee

MOST_REPAIRED = 1024 * 1024
"""Characters of JSON that are repaired; more are not, as if that had failed."""

TURN = 16
"""Chunks that are added up before others have their turn on the event loop."""

_OUTLINE = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+("?)|[][{}]', re.DOTALL)
"""A string, with its closing quote in a group, or a bracket."""

_TOKEN = re.compile(
    r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[][{}:,"]|true|false|null|NaN|-?Infinity'
    r"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?",
    re.DOTALL,
)
_UNESCAPED_LINE = re.compile(r"(\\.)|\n", re.DOTALL)
_CLOSING = {"{": "}", "[": "]"}


def apply() -> None:
    """Put all patches in place; a second time does nothing."""
    # langchain-core 1.7.2, utils/json.py: it takes a character off the end of what is
    # no JSON and tries again, which is quadratic, on the event loop.
    # Its code, because modules that import its name may be imported before or after.
    langchain_json.parse_partial_json.__code__ = _parse_partial_json.__code__
    # langchain-core 1.7.2, utils/_merge.py: each piece is compared with every call
    # before it, and copies the arguments that its call has so far.
    vars(ai)["merge_lists"] = merge_tool_call_chunks
    # langchain-core 1.7.2, runnables/base.py: what a step was given is added up when
    # the step has ended, chunk by chunk, without giving the event loop back.
    vars(base)["atee"] = tee


def _parse_partial_json(s: str, *, strict: bool = False) -> Any:
    from compat.langchain import (
        parse_partial_json,  # Runs with the globals of LangChain's.
    )

    return parse_partial_json(s, strict=strict)


def parse_partial_json(s: str, *, strict: bool = False) -> Any:
    """What LangChain's gives for *s*, in linear time.

    That is the longest beginning of *s* which is JSON once the brackets are closed that
    all of *s* leaves open, and `None` if one closes that is not open.
    """
    try:
        return json.loads(s, strict=strict)
    except json.JSONDecodeError:
        if len(s) > MOST_REPAIRED:
            raise
    text, opened = _outline(s, strict=strict)
    if opened is None:
        return None
    closing = "".join(_CLOSING[sign] for sign in reversed(opened))
    try:
        return json.loads(text + closing, strict=strict)
    except json.JSONDecodeError as exc:
        end = _last_end(text, min(exc.pos, len(text)), opened)
    # As LangChain does, raise what is wrong with all of it.
    return json.loads(text[:end] + closing if end else s, strict=strict)


def _outline(s: str, *, strict: bool) -> tuple[str, list[str] | None]:
    """*s* with its last string ended, and the brackets that it leaves open."""
    opened: list[str] = []
    end = ""
    for match in _OUTLINE.finditer(s):
        sign = match[0]
        if sign in _CLOSING:
            opened.append(sign)
        elif sign[0] == '"':
            if not match[1]:
                s, end = s[: match.end()], '"'  # A backslash that follows is dropped.
        elif not opened or _CLOSING[opened.pop()] != sign:
            return s, None
    s += end
    if strict:  # Else a line may end within a string.
        s = _OUTLINE.sub(_escape_lines, s)
    return s, opened


def _escape_lines(string: re.Match[str]) -> str:
    return _UNESCAPED_LINE.sub(lambda match: match[1] or r"\n", string[0])


def _last_end(text: str, stop: int, opened: Sequence[str]) -> int:
    """Where the last value ends, or bracket opens, between just the *opened* brackets.

    Up to *stop*, *text* is the beginning of JSON.
    """
    stack: list[str] = []
    same = last = 0  # How many brackets of the stack are those of `opened`.
    before = ""
    for match in _TOKEN.finditer(text, 0, stop):
        sign = match[0]
        if sign == '"':
            break  # A string that is wrong.
        is_key = sign[0] == '"' and stack[-1:] == ["{"] and before in "{,"
        before = sign[0]
        if before in "{[":
            if same == len(stack) < len(opened) and opened[same] == sign:
                same += 1
            stack.append(sign)
        elif before in "}]":
            stack.pop()
            same = min(same, len(stack))
        if before not in ",:" and not is_key and same == len(stack) == len(opened):
            last = match.end()
    return last


def merge_tool_call_chunks(
    left: list[Any] | None, *others: list[Any] | None
) -> list[Any] | None:
    """What LangChain's `merge_lists` gives for tool call chunks, in linear time."""
    lists = [pieces for pieces in (left, *others) if pieces is not None]
    indexes = [call.get("index") for call in lists[0]] if lists else []
    if len(lists) < 3 or len(set(indexes)) < len(indexes):
        return merge_lists(left, *others)
    calls: list[dict[str, Any]] = []
    arguments: list[list[str]] = []
    places: dict[Any, int] = {}  # By index, and by index and id.
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


def tee(iterable: AsyncIterator[Any], n: int = 2, *, lock: Any = None) -> Sequence[Any]:
    """LangChain's `Tee`; without a lock, its first iterator gives the loop back."""
    iterators = list(Tee(iterable, n, lock=lock))
    return iterators if lock else [_InTurns(iterators[0]), *iterators[1:]]


class _InTurns:
    def __init__(self, iterator: AsyncIterator[Any]) -> None:
        self._iterator = iterator
        self._given = 0

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        self._given += 1
        if self._given % TURN == 0:
            await asyncio.sleep(0)
        return await anext(self._iterator)
