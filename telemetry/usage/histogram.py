"""How values are spread, in buckets that are the same share of their size wide."""

import math
from array import array
from operator import add

LEAST = 0.125
"""What is below counts as this."""

PER_OCTAVE = 4
BUCKETS = 100
"""Up to 4 million: of milliseconds that is more than an hour."""


class Histogram:
    """Counts milliseconds, or tokens a second; a quantile is right to 9 %."""

    __slots__ = ("_counts", "_total")

    def __init__(self) -> None:
        self._counts = array("I", bytes(4 * BUCKETS))
        self._total = 0

    def add(self, value: float) -> None:
        at = int(math.log2(max(value, LEAST) / LEAST) * PER_OCTAVE)
        self._counts[min(at, BUCKETS - 1)] += 1
        self._total += 1

    def merge(self, other: "Histogram") -> None:
        if other._total:
            self._counts = array("I", map(add, self._counts, other._counts))
            self._total += other._total

    def quantile(self, share: float) -> float | None:
        """The middle of the bucket that *share* of all values reach; `None` of none."""
        left = math.ceil(self._total * share)
        for at, count in enumerate(self._counts):
            left -= count
            if count and left <= 0:
                middle = LEAST * 2.0 ** ((at + 0.5) / PER_OCTAVE)
                return float(f"{middle:.3g}")
        return None
