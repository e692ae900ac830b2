"""The time between tokens, in three numbers."""

from collections.abc import Sequence
from math import ceil


def in_milliseconds(gaps: Sequence[float]) -> dict[str, float]:
    """Mean, 95th percentile and maximum of *gaps*, which are seconds."""
    ordered = sorted(gaps)
    each = {
        "mean": sum(ordered) / len(ordered),
        "p95": ordered[max(0, ceil(len(ordered) * 0.95) - 1)],
        "max": ordered[-1],
    }
    return {name: round(seconds * 1000, 3) for name, seconds in each.items()}
