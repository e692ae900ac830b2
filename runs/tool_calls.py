"""How much one answer may ask of tools."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

from streaming.upstream_errors import UpstreamError

MAX_CALLS = 256
MAX_BYTES = 256 * 1024
"""The most bytes of the names and arguments of all calls together."""


class CallIndexes:
    """Gives each tool call of an answer an index of its own, and an id.

    Some servers send no index, or the same one for all calls, and some send no id, by
    which a result is handed back. Others repeat id and name in each piece. Arguments
    that are no text become JSON.
    """

    def __init__(self) -> None:
        self._calls: dict[object, _Numbered] = {}
        self._count = 0

    def number(self, pieces: object, choice: object = None) -> list[dict[str, object]]:
        """*pieces* of the *choice*, numbered; raises `ValueError` if they are none."""
        if not isinstance(pieces, list):
            raise ValueError("no tool calls")
        return [self._number(piece, choice) for piece in pieces]

    def _number(self, piece: object, choice: object) -> dict[str, object]:
        piece, function = in_text(piece)
        call_id, name = piece["id"], function.get("name") or None
        arguments = function["arguments"]
        keys = _keys(piece.get("index"), call_id, name)
        call = self._calls.get((choice, *keys[0]))
        begins = call is None or call.is_other(call_id, name, arguments)
        if call is None or begins:
            call = _Numbered(self._count, call_id, name, call_id or new_id())
            self._count += 1
        for key in keys:
            self._calls[choice, *key] = call
        if not begins and name == call.name:
            function.pop("name", None)  # LangChain would write it twice.
        numbered = {**piece, "index": call.index, "function": function}
        if begins or call_id == call.shown:
            numbered["id"] = call.shown
        else:
            numbered.pop("id", None)  # Made up for each piece: the first one counts.
        call.add(call_id, name, arguments)
        return numbered


def in_text(piece: object) -> tuple[dict[str, object], dict[str, object]]:
    """A *piece* of a call and its function, whose id and arguments are text.

    Some servers send a number, and the object that the arguments stand for. Raises
    `ValueError` if it is none.
    """
    if not isinstance(piece, dict):
        raise ValueError("no tool call")
    function = piece.get("function") or {}
    if not isinstance(function, dict):
        raise ValueError("no function")
    function = {**function, "arguments": _as_text(function.get("arguments"))}
    return {**piece, "id": _id(piece.get("id")), "function": function}, function


def new_id() -> str:
    return f"call_{uuid4().hex}"


def _id(said: object) -> object:
    return str(said) if isinstance(said, int) else said or None


def _as_text(arguments: object) -> object:
    """*arguments*, which may be what their text should stand for."""
    return json.dumps(arguments) if isinstance(arguments, dict | list) else arguments


def _keys(index: object, call_id: object, name: object) -> list[tuple[str, object]]:
    """What a piece may be known by: the first of these, and later pieces by any."""
    latest = ("latest", None)
    if isinstance(index, int | str):
        return [("index", index), latest]
    if isinstance(call_id, str):
        return [("id", call_id), latest]
    return [("new", object()), latest] if name else [latest]


@dataclass(slots=True)
class _Numbered:
    """A call; *whole* is whether its only piece has all arguments."""

    index: int
    id: object
    name: object
    shown: object
    has_arguments: bool = False
    whole: bool = False

    def is_other(self, call_id: object, name: object, arguments: object) -> bool:
        """Whether a piece of these begins another call."""
        if name is None:
            return False
        if call_id is not None and self.id is not None:
            return call_id != self.id
        if self.whole and isinstance(arguments, str) and arguments[:1] == "{":
            return True
        return name != self.name and self.has_arguments

    def add(self, call_id: object, name: object, arguments: object) -> None:
        self.id, self.name = self.id or call_id, self.name or name
        if arguments:
            self.whole = not self.has_arguments and _is_object(arguments)
            self.has_arguments = True


def _is_object(arguments: object) -> bool:
    """Whether *arguments* are the JSON text of a whole object."""
    if not (isinstance(arguments, str) and arguments[:1] == "{"):
        return False
    try:
        return isinstance(json.loads(arguments), dict)
    except (ValueError, RecursionError):
        return False


class ToolCallLimit:
    def __init__(self) -> None:
        self._ids: dict[int | str, set[object]] = {}
        self._calls = self._bytes = 0

    def add_delta(self, delta: Mapping[str, object]) -> None:
        pieces = delta.get("tool_calls")
        for piece in pieces if isinstance(pieces, list) else ():
            if isinstance(piece, dict):
                self._add(piece, piece.get("function"))
        if function := delta.get("function_call"):
            self._add({"index": "function_call"}, function)

    def _add(self, piece: Mapping[str, object], function: object) -> None:
        said = function if isinstance(function, dict) else {}
        texts = said.get("name"), said.get("arguments")
        self.add(piece.get("index"), piece.get("id"), *texts)

    def add(self, index: object, call_id: object, *texts: object) -> None:
        """Count a piece of a call: its name, its arguments.

        Pieces are of one call if their index is the same and their ids do not differ.
        Raises `UpstreamError` once there are too many calls or bytes.
        """
        for text in texts:
            if isinstance(text, str):
                self._bytes += len(text.encode("utf-8", "replace"))
        if self._begins(index, call_id):
            self._calls += 1
        if self._calls > MAX_CALLS:
            raise UpstreamError(
                f"The model called more than {MAX_CALLS} tools at once."
            )
        if self._bytes > MAX_BYTES:
            raise UpstreamError(
                f"The model called tools with more than {MAX_BYTES} bytes of arguments."
            )

    def _begins(self, index: object, call_id: object) -> bool:
        if not isinstance(index, int | str):
            return True  # Without an index a piece is a whole call.
        begins = index not in self._ids
        ids = self._ids.setdefault(index, set())
        if isinstance(call_id, str) and call_id and call_id not in ids:
            begins = begins or bool(ids)
            ids.add(call_id)
        return begins
