"""What an answer of the upstream says of itself, in the words of a run's record."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from json import loads as lenient_loads
from typing import Any

import orjson

from azure_openai import splice
from streaming.errors import (
    ChatError,
    ContentFiltered,
    ContextTooLong,
    DeploymentNotFound,
    InvalidRequest,
    RateLimited,
    UpstreamError,
    UpstreamTimeout,
)
from streaming.events import Usage
from telemetry.tokens import TOKENS_PER_MESSAGE, count_bytes, count_tokens

BY_CODE: Mapping[str, type[ChatError]] = {
    "content_filter": ContentFiltered,
    "context_length_exceeded": ContextTooLong,
    "rate_limit_exceeded": RateLimited,
    "insufficient_quota": RateLimited,
    "429": RateLimited,
}

BY_STATUS: Mapping[int, type[ChatError]] = {
    404: DeploymentNotFound,
    408: UpstreamTimeout,
    429: RateLimited,
    504: UpstreamTimeout,
}


MAX_READ = 1024 * 1024
"""Bytes of a request; in a larger one the messages are not counted one by one."""

UNSEEN = frozenset({"role", "context"})
"""What a message or a delta may have without showing the caller anything."""


def loads(data: bytes) -> Any:
    """*data* as whoever wrote it may have meant it."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return lenient_loads(data)  # Half a surrogate pair, or NaN, is let through.


def error(error: object, status: int = 502) -> ChatError:
    """What the run ended with; its text is for nobody, the caller has upstream's."""
    code = str(error.get("code")) if isinstance(error, dict) else ""
    other = InvalidRequest if status < 500 else UpstreamError
    kind = BY_CODE.get(code) or BY_STATUS.get(status, other)
    return kind("The model's provider answered with an error.")


def usage(usage: Mapping[str, Any]) -> Usage:
    """The provider's numbers; one that it does not give is 0."""
    prompt, completion = _count(usage, "prompt"), _count(usage, "completion")
    return Usage(
        input_tokens=prompt,
        output_tokens=completion,
        total_tokens=_count(usage, "total") or prompt + completion,
        cached_tokens=_count(usage.get("prompt_tokens_details"), "cached"),
        reasoning_tokens=_count(usage.get("completion_tokens_details"), "reasoning"),
    )


def _count(counts: object, kind: str) -> int:
    count = counts.get(f"{kind}_tokens") if isinstance(counts, dict) else None
    return count if isinstance(count, int) else 0


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
        fields = splice.fields(body)
    except RecursionError:
        return None
    return fields.get("messages", fields.get("input"))


def estimate(body: bytes, output: Iterable[str], unread: int = 0) -> Usage:
    """About what a request of *body* and the *output* so far are in tokens.

    *unread* is how many bytes more the output has.
    """
    prompt = count_bytes(len(body))
    if len(body) <= MAX_READ:
        with suppress(RecursionError):
            prompt = _count_prompt(splice.fields(body))
    completion = count_tokens("".join(output)) + count_bytes(unread)
    return Usage(prompt, completion, prompt + completion, estimated=True)


def _count_prompt(asked: Mapping[str, object]) -> int:
    messages = asked.get("messages")
    if isinstance(messages, list):
        return sum(map(_count_message, messages))
    return _count_input(asked.get("input"))


def _count_message(message: object) -> int:
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, list):
        texts = [part.get("text") for part in content if isinstance(part, dict)]
        content = "".join(text for text in texts if isinstance(text, str))
    text = content if isinstance(content, str) else ""
    return count_tokens(text) + TOKENS_PER_MESSAGE


def _count_input(given: object) -> int:
    """What is embedded: texts, or tokens already."""
    match given:
        case str():
            return count_tokens(given)
        case list():
            return sum(map(_count_input, given))
        case int():
            return 1
        case _:
            return 0
