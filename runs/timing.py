"""When a run's tokens became visible, and how long that took in all."""

from array import array
from collections.abc import Sequence
from math import ceil
from time import monotonic
from typing import TypedDict


class Latency(TypedDict):
    """In whole milliseconds; `latency_ms` is the sum of the other two."""

    latency_ms: int
    time_to_first_chunk_ms: int | None
    streaming_duration_ms: int


class Timing:
    """Times are `time.monotonic()`; *started* is the request's arrival."""

    __slots__ = ("_first", "_gaps", "_last", "ended", "started")

    def __init__(self) -> None:
        self.started = monotonic()
        self.ended: float | None = None
        self._first: float | None = None
        self._last = 0.0
        self._gaps = array("f")

    def note_visible(self, at: float, tokens: int = 1) -> None:
        """Record that *tokens* became visible to the caller at the time *at*."""
        if self._first is None:
            self._first = at
        else:
            self._gaps.append(at - self._last)
        self._last = at
        if tokens > 1:
            self._gaps.extend([0.0] * (tokens - 1))

    @property
    def latency(self) -> Latency:
        """Up to the run's end, or up to now if it has not ended."""
        ended = self.ended if self.ended is not None else monotonic()
        total = round((ended - self.started) * 1000)
        if self._first is None:
            first = None
        else:
            first = min(total, round((self._first - self.started) * 1000))
        return {
            "latency_ms": total,
            "time_to_first_chunk_ms": first,
            "streaming_duration_ms": 0 if first is None else total - first,
        }

    @property
    def inter_token_ms(self) -> dict[str, float] | None:
        """Milliseconds between visible tokens; `None` if there are fewer than two."""
        return in_milliseconds(self._gaps) if self._gaps else None


def in_milliseconds(gaps: Sequence[float]) -> dict[str, float]:
    """Mean, 95th percentile and maximum of *gaps*, which are seconds."""
    ordered = sorted(gaps)
    each = {
        "mean": sum(ordered) / len(ordered),
        "p95": ordered[max(0, ceil(len(ordered) * 0.95) - 1)],
        "max": ordered[-1],
    }
    return {name: round(seconds * 1000, 3) for name, seconds in each.items()}
