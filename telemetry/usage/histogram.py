"""How values are spread, in buckets that are the same share of their size wide."""

import math
from array import array
from collections.abc import Iterable
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

    def quantiles(self, shares: Iterable[float]) -> list[float | None]:
        """The middles of the buckets that *shares* of all values reach.

        *shares* are in order; each is `None` without values.
        """
        found, at, reached = list[float | None](), -1, 0
        for share in shares:
            least = max(1, math.ceil(self._total * share))
            while self._total and reached < least:
                at += 1
                reached += self._counts[at]
            found.append(_middle(at) if self._total else None)
        return found


def _middle(bucket: int) -> float:
    return float(f"{LEAST * 2.0 ** ((bucket + 0.5) / PER_OCTAVE):.3g}")
