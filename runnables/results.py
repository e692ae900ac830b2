"""What a chain yields that is neither text nor a message: one structured result."""

import logging
from collections.abc import Mapping
from typing import cast

from langchain_core.documents import Document
from langchain_core.messages import BaseMessage
from langchain_core.prompt_values import PromptValue
from langchain_core.runnables import AddableDict
from pydantic import JsonValue, TypeAdapter

from runnables.tool_calls import is_deep
from streaming.errors import ChatError
from streaming.upstream_errors import UnreadableAnswer

log = logging.getLogger(__name__)

NOTHING = object()
"""No result; `None` is one."""

_ANY = TypeAdapter(object)  # Of whatever a chain makes.


class Result:
    """The structured result of a chain, as far as it has been yielded.

    A parser repeats what it has read so far and adds to it; `RunnableParallel` yields
    each of its branches in pieces. *given* is the chain's input.
    """

    def __init__(self, given: object = None) -> None:
        self._given = given.keys() if isinstance(given, Mapping) else ()
        self._whole: object = NOTHING
        self._pieces: dict[str, object] = {}

    def add(self, value: object) -> None:
        """A value that stands for all before it, or is the next item of a list."""
        before = self._whole
        if isinstance(before, list) and isinstance(value, list):
            value = _longer(before, value)
        self._whole = value

    def add_piece(self, key: str, value: object) -> None:
        """A piece of one branch."""
        if key in self._given:
            return  # What a chain assigns to comes out of it again.
        if key not in self._pieces:
            self._pieces[key] = value
            return
        before = self._pieces[key]
        if isinstance(before, list) and isinstance(value, list):
            self._pieces[key] = _longer(before, value)
            return
        try:
            self._pieces[key] = before + value  # type: ignore[operator]
        except TypeError:
            self._pieces[key] = value

    def set_piece(self, key: str, value: object) -> None:
        """The whole value of one branch, in the place of what it was."""
        self._pieces[key] = value

    def beside(self, answered: Mapping[str, object]) -> Mapping[str, object] | None:
        """The dictionary that has *answered*, if it has more than that."""
        new = {k: v for k, v in answered.items() if k not in (*self._given, "context")}
        return new if new.keys() - {"answer"} else None

    @property
    def value(self) -> object:
        """The result; a string if it is a text, `NOTHING` if there is none."""
        if self._whole is not NOTHING or not self._pieces:
            return self._whole
        named = {k: v for k, v in sorted(self._pieces.items()) if not _is_sources(v)}
        if "output" in named and "steps" in self._pieces:
            return named["output"]  # LangChain's former agents have both.
        return next(iter(named.values())) if len(named) == 1 else named or NOTHING


def _is_sources(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(v, Document) for v in value)


def _longer(before: list[object], after: list[object]) -> list[object]:
    """A list that began with *before*: what a parser has read of it so far, or its next
    items. A parser never repeats the same list."""
    return after if _grows(before, after) else [*before, *after]


def _grows(before: object, after: object) -> bool:
    """Whether *after* is *before*, read further."""
    match before, after:
        case list(), list() if after != before and len(after) >= len(before):
            return after[: len(before) - 1] == before[:-1] and (
                not before or _begins(before[-1], after[len(before) - 1])
            )
        case _:
            return False


def _begins(before: object, after: object) -> bool:
    match before, after:
        case str(), str():
            return after.startswith(before)
        case dict(), dict():
            return before.keys() <= after.keys()
        case list(), list():
            return len(after) >= len(before)
        case _:
            return (
                before is None or before == after or str(after).startswith(str(before))
            )


def as_json(value: object) -> JsonValue:
    """*value* as JSON; `NOTHING`, with a warning in the log, for what is none."""
    try:
        plain = _ANY.dump_python(_shown(value), mode="json")
    except ChatError:
        raise  # It says what is wrong.
    except Exception:  # Of whatever a chain has made it.
        plain = NOTHING
    if plain is NOTHING or is_deep(plain):
        warn(value)
        plain = NOTHING
    return cast(JsonValue, plain)


def warn(value: object) -> None:
    """Say in the log that *value* is left out."""
    log.warning("a chain streams %s, which is no answer", type(value).__name__)


def _shown(value: object) -> object:
    match value:
        case BaseMessage():
            return value.text
        case Document():
            return value.page_content
        case PromptValue():
            return "\n\n".join(message.text for message in value.to_messages())
        case {"raw": BaseMessage() as raw, "parsing_error": _, **rest}:
            return _parsed(raw, rest.get("parsed"))
        case AddableDict():  # Of branches, in the order of their first pieces.
            return {_text(key): _shown(value[key]) for key in sorted(value)}
        case dict():
            return {_text(key): _shown(each) for key, each in value.items()}
        case list() | tuple():
            return [_shown(each) for each in value]
        case str():
            return _text(value)
        case _:
            return value


def _parsed(raw: BaseMessage, parsed: object) -> object:
    """What a model's answer was *parsed* as, else its text, if it has any."""
    if parsed is None and not raw.text:
        raise UnreadableAnswer()
    return raw.text if parsed is None else parsed


def _text(value: object) -> str:
    """*value* as text, without halves of surrogate pairs, which JSON may hold."""
    return str(value).encode("utf-8", "replace").decode()


def as_text(value: JsonValue) -> str:
    """*value* as the answer's text."""
    return value if isinstance(value, str) else _ANY.dump_json(value).decode()
