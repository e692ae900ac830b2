"""What was measured: a number for a quantity and a server."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Row:
    """One quantity, as a row of the table."""

    key: str
    title: str
    digits: int = 1


@dataclass(slots=True)
class Figures:
    """All numbers of a run, by quantity and then by server."""

    values: dict[str, dict[str, float]] = field(default_factory=dict)
    at_least: dict[str, list[str]] = field(default_factory=dict)
    """Servers whose number would have been larger, had more been asked of them."""

    def put(self, key: str, server: str, value: float) -> None:
        self.values.setdefault(key, {})[server] = value

    def limit(self, key: str, server: str) -> None:
        self.at_least.setdefault(key, []).append(server)

    def get(self, key: str, server: str) -> float | None:
        return self.values.get(key, {}).get(server)


def line(points: Mapping[int, float]) -> tuple[float, float]:
    """Where the line through *points* begins, and how it rises.

    Each point counts by its relative error, or the largest would be all that counts.
    """
    weights = {x: 1 / y**2 for x, y in points.items()}
    total = sum(weights.values())
    mean_x = sum(w * x for x, w in weights.items()) / total
    mean_y = sum(w * points[x] for x, w in weights.items()) / total
    rise = sum(w * (x - mean_x) * (points[x] - mean_y) for x, w in weights.items())
    run = sum(w * (x - mean_x) ** 2 for x, w in weights.items())
    return mean_y - mean_x * rise / run, rise / run
