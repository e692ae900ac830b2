"""What is counted of a finished run, whatever wrote its record."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import NamedTuple

MAX_NAME = 100
"""Characters of a name; the rest of a longer one is its hash."""

MOST = 2**53
"""A larger number is no measurement."""


class Names(NamedTuple):
    """What runs are told apart by; `None` if a run has none."""

    principal: str | None
    chain: str | None
    deployment: str | None
    backend: str | None
    status: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """*at* is in seconds since 1970, *speed* in tokens a second, the rest in ms."""

    id: str
    at: float
    names: Names
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    cost: tuple[str, Decimal] | None
    first_token: float | None
    latency: float | None
    speed: float | None


def read(record: Mapping[str, object]) -> FinishedRun | None:
    """What *record* says; `None` without an id or a time.

    A field that an older version has not written, or another one writes otherwise,
    counts as absent.
    """
    run, at = name(record.get("id")), _time(record.get("timestamp"))
    if run is None or at is None:
        return None
    usage = _object(record.get("usage"))
    output = _count(usage.get("completion_tokens"))
    seconds = (_number(record.get("streaming_duration_ms")) or 0) / 1000
    return FinishedRun(
        id=run,
        at=at,
        names=_names(record),
        input_tokens=_count(usage.get("prompt_tokens")),
        output_tokens=output,
        cached_tokens=_count(usage.get("cached_tokens")),
        reasoning_tokens=_count(usage.get("reasoning_tokens")),
        cost=_cost(_object(record.get("cost"))),
        first_token=_number(record.get("time_to_first_chunk_ms")),
        latency=_number(record.get("latency_ms")),
        speed=output / seconds if output and seconds else None,
    )


def _names(record: Mapping[str, object]) -> Names:
    return Names(
        principal=name(record.get("principal")),
        chain=name(record.get("chain")),
        deployment=name(record.get("deployment")),
        backend=name(record.get("backend")),
        status=name(record.get("status")),
        error=name(_object(record.get("error")).get("code")),
    )


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def name(value: object) -> str | None:
    """*value* as groups are named; no two are named alike."""
    if not isinstance(value, str) or not value:
        return None
    if len(value) <= MAX_NAME:
        return value
    hashed = sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
    return value[: MAX_NAME - len(hashed)] + hashed


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= MOST else None


def _count(value: object) -> int:
    return int(_number(value) or 0)


def _time(value: object) -> float | None:
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _cost(cost: Mapping[str, object]) -> tuple[str, Decimal] | None:
    currency, amount = name(cost.get("currency")), _number(cost.get("amount"))
    if currency is None or amount is None:
        return None
    return currency, Decimal(repr(amount))
