"""What an answer of the upstream says of itself, in the words of a run's record."""

from collections.abc import Mapping
from json import loads as lenient_loads
from typing import Any

import orjson

from streaming import errors
from streaming.errors import ChatError, InvalidRequest
from streaming.events import Usage

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
    code = str(error.get("code")) if isinstance(error, dict) else None
    kind = errors.of_provider(status, code) or InvalidRequest
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
