"""Tool calls of earlier answers, which a caller hands back as they came."""

import json
from collections.abc import Iterable

from langchain_core.messages import InvalidToolCall, ToolCall

from streaming.large import count_marks
from streaming.requests import ToolCallRequest

DEPTH = 100
"""Levels of arguments that LangChain gets as objects; deeper ones stay text."""

VALUES = 20_000
"""Values in the arguments of a conversation that LangChain gets as objects. It takes
microseconds for each, several times."""


class Calls:
    """Reads the tool calls of one conversation."""

    def __init__(self) -> None:
        self._left = VALUES

    def read(
        self, given: Iterable[ToolCallRequest]
    ) -> tuple[list[ToolCall], list[InvalidToolCall]]:
        """*given*, and apart from them those whose arguments stay text.

        They are no JSON object, as in an answer that was cut, or have too many values.
        The model's SDK sends them back as the text that they are.
        """
        valid: list[ToolCall] = []
        invalid: list[InvalidToolCall] = []
        for call in given:
            name, text = call.function.name, call.function.arguments
            args = self._object(text)
            if args is not None:
                valid.append(
                    ToolCall(name=name, args=args, id=call.id, type="tool_call")
                )
                continue
            invalid.append(
                InvalidToolCall(
                    name=name,
                    args=text,
                    id=call.id,
                    error=None,
                    type="invalid_tool_call",
                )
            )
        return valid, invalid

    def _object(self, text: str) -> dict[str, object] | None:
        json = text.encode("utf-8", "replace")
        count = count_marks(json, b"[{,", most=self._left)
        if count > self._left:
            return None
        self._left -= count
        return _object(text)


def _object(text: str) -> dict[str, object] | None:
    # Some models send nothing for a tool that takes nothing.
    if not text.strip():
        return {}
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and _is_shallow(value) else None


def _is_shallow(value: object) -> bool:
    level = [value]
    for _ in range(DEPTH):
        level = [
            child
            for each in level
            if isinstance(each, dict | list)
            for child in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return True
    return False
