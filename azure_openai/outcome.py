"""What an answer of the upstream says of itself, in the words of a run's record."""

from collections.abc import Mapping
from json import loads as lenient_loads

import orjson

from runs.tokens import counted, provided
from streaming import provider_errors
from streaming.errors import ChatError, InvalidRequest
from streaming.events import Usage
from streaming.headers import is_sendable

type JsonValue = bool | float | str | list[JsonValue] | dict[str, JsonValue] | None
"""A value of JSON."""

LONGEST_INTEGER = 100
"""Digits from which an integer is read as a float: Python refuses more than 4,300."""

UNSEEN = frozenset({"role", "context"})
"""Members of a message or a delta that show the caller nothing."""


def loads(data: bytes) -> JsonValue:
    """Read *data*, and let through what is almost JSON."""
    try:
        read: JsonValue = orjson.loads(data)
    except orjson.JSONDecodeError:
        # Half a surrogate pair, NaN, or a number of any length.
        read = lenient_loads(data, parse_int=_integer)
    return read


def as_object(value: JsonValue) -> dict[str, JsonValue]:
    """*value*, or an empty object for anything empty; `TypeError` for all else."""
    if isinstance(value, dict):
        return value
    if value:
        raise TypeError("not an object")
    return {}


def as_list(value: JsonValue) -> list[JsonValue]:
    """*value*, or an empty list for anything empty; `TypeError` for all else."""
    if isinstance(value, list):
        return value
    if value:
        raise TypeError("not a list")
    return []


def as_text(value: JsonValue) -> str:
    """*value*; `TypeError` if it is no string."""
    if not isinstance(value, str):
        raise TypeError("not a string")
    return value


def _integer(digits: str) -> float:
    return int(digits) if len(digits) < LONGEST_INTEGER else float(digits)


def region(headers: Mapping[str, str]) -> str:
    """The region in *headers*; `""` if this server cannot send it as a header."""
    said = headers.get("x-ms-region", "")
    return said if said.isprintable() and is_sendable(said) else ""


def error(error: object, status: int = 502) -> ChatError:
    """The error that ended the run; its message names no detail of the provider's."""
    said = error if isinstance(error, dict) else {}
    message = provider_errors.message_of(error)
    found = provider_errors.of_provider(status, said.get("code"), message)
    kind = found or InvalidRequest
    return kind("The model's provider answered with an error.")


def usage(said: object) -> Usage | None:
    if not isinstance(said, dict):
        return None
    return provided(
        prompt=_count(said, "prompt_tokens", "input_tokens"),
        completion=_count(said, "completion_tokens", "output_tokens"),
        total=said.get("total_tokens"),
        cached=_detail(said, "prompt", "input", "cached_tokens"),
        reasoning=_detail(said, "completion", "output", "reasoning_tokens"),
    )


def _count(said: Mapping[str, object], name: str, of_responses: str) -> object:
    return said.get(name, said.get(of_responses))


def _detail(
    said: Mapping[str, object], kind: str, of_responses: str, name: str
) -> object:
    details = _count(said, f"{kind}_tokens_details", f"{of_responses}_tokens_details")
    return details.get(name) if isinstance(details, dict) else None


def readable(said: object) -> dict[str, object] | None:
    """The counts in *said* that LangChain can add up, by OpenAI's names."""
    if not isinstance(said, dict) or (known := usage(said)) is None:
        return None
    return {
        **_counts(said),
        "prompt_tokens": known.input_tokens,
        "completion_tokens": known.output_tokens,
        "total_tokens": known.total_tokens,
    }


def _counts(said: Mapping[str, object]) -> dict[str, object]:
    read = {
        name: {key: counted(count) for key, count in value.items()}
        if isinstance(value, dict)
        else counted(value)
        for name, value in said.items()
    }
    return {name: value for name, value in read.items() if value is not None}
