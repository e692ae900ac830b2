"""Tool calls of earlier answers, which a caller hands back as they came."""

import json
from collections.abc import Iterable

from langchain_core.messages import InvalidToolCall, ToolCall

from streaming.requests import ToolCallRequest

DEPTH = 100
"""Levels of arguments that LangChain gets as objects; deeper ones stay text."""


def calls(
    given: Iterable[ToolCallRequest],
) -> tuple[list[ToolCall], list[InvalidToolCall]]:
    """*given*, and apart from them those whose arguments are no JSON object.

    An answer that was cut has such a call. The model's SDK sends it back as the text
    that it is.
    """
    valid: list[ToolCall] = []
    invalid: list[InvalidToolCall] = []
    for call in given:
        name, text = call.function.name, call.function.arguments
        args = _object(text)
        if args is not None:
            valid.append(ToolCall(name=name, args=args, id=call.id, type="tool_call"))
            continue
        invalid.append(
            InvalidToolCall(
                name=name, args=text, id=call.id, error=None, type="invalid_tool_call"
            )
        )
    return valid, invalid


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
