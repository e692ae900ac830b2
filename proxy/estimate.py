"""About how many tokens a proxied call is, for answers that never say."""

from collections.abc import Iterable, Mapping
from contextlib import suppress

from proxy import json_text
from runs.tokens import TOKENS_PER_MESSAGE, count_bytes, count_tokens
from streaming.events import Usage

MAX_READ = 1024 * 1024
"""Bytes above which a request is counted as a whole, not message by message."""


_OF_TOOLS = ("arguments", "input", "output")
"""Where an item of a response's input has what a tool was asked, or answered."""


def written(value: object) -> str:
    """The text in a part of a message: reasoning, a refusal, tool calls."""
    match value:
        case str():
            return value
        case dict():
            return "".join(map(written, value.values()))
        case list():
            return "".join(map(written, value))
        case _:
            return ""


def asked(body: bytes) -> object:
    """The messages in *body*, or what is to be embedded."""
    try:
        fields = json_text.fields(body)
    except RecursionError:
        return None
    return fields.get("messages", fields.get("input"))


def estimate(body: bytes, output: Iterable[str], unread: int = 0) -> Usage:
    """Estimate the tokens of a request's *body* and of its *output* so far.

    *unread* is how many more bytes the output has.
    """
    prompt = count_bytes(len(body))
    if len(body) <= MAX_READ:
        with suppress(RecursionError):
            prompt = _count_prompt(json_text.fields(body))
    completion = count_tokens("".join(output)) + count_bytes(unread)
    return Usage(prompt, completion, prompt + completion, estimated=True)


def _count_prompt(asked: Mapping[str, object]) -> int:
    messages = asked.get("messages")
    if isinstance(messages, list):
        return sum(map(_count_message, messages))
    instructions = asked.get("instructions")
    first = _count_text(instructions) if isinstance(instructions, str) else 0
    return first + _count_input(asked.get("input"))


def _count_message(message: object) -> int:
    content = message.get("content") if isinstance(message, dict) else None
    return _count_text(_text_of(content))


def _text_of(content: object) -> str:
    if isinstance(content, list):
        texts = [part.get("text") for part in content if isinstance(part, dict)]
        return "".join(text for text in texts if isinstance(text, str))
    return content if isinstance(content, str) else ""


def _count_text(text: str) -> int:
    return count_tokens(text) + TOKENS_PER_MESSAGE


def _count_input(given: object) -> int:
    """Count the items of a response's input, or an embedding's texts or tokens."""
    match given:
        case str():
            return count_tokens(given)
        case list():
            return sum(map(_count_input, given))
        case int():
            return 1
        case dict():
            return _count_message(given) + sum(
                count_tokens(_text_of(given.get(name))) for name in _OF_TOOLS
            )
        case _:
            return 0
