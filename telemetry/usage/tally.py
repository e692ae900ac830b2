"""What the runs of one group used, and how long they took."""

from dataclasses import dataclass, field
from decimal import Decimal

from telemetry.usage.finished import FinishedRun
from telemetry.usage.histogram import Histogram

MAX_CURRENCIES = 4
"""Currencies of one group; what is in others is not summed."""


SHARES = {"p5": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}


@dataclass(slots=True)
class Tally:
    runs: int = 0
    errors: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cost: dict[str, Decimal] = field(default_factory=dict)
    first_token: Histogram = field(default_factory=Histogram)
    latency: Histogram = field(default_factory=Histogram)
    speed: Histogram = field(default_factory=Histogram)

    def add(self, run: FinishedRun) -> None:
        self.runs += 1
        self.errors += run.names.error is not None
        self.input_tokens += run.input_tokens
        self.output_tokens += run.output_tokens
        self.cached_tokens += run.cached_tokens
        self.reasoning_tokens += run.reasoning_tokens
        if run.cost is not None:
            self._pay(*run.cost)
        for histogram, value in (
            (self.first_token, run.first_token),
            (self.latency, run.latency),
            (self.speed, run.speed),
        ):
            if value is not None:
                histogram.add(value)

    def merge(self, other: "Tally") -> None:
        self.runs += other.runs
        self.errors += other.errors
        self.input_tokens += other.input_tokens
        self.output_tokens += other.output_tokens
        self.cached_tokens += other.cached_tokens
        self.reasoning_tokens += other.reasoning_tokens
        for currency, amount in other.cost.items():
            self._pay(currency, amount)
        self.first_token.merge(other.first_token)
        self.latency.merge(other.latency)
        self.speed.merge(other.speed)

    def _pay(self, currency: str, amount: Decimal) -> None:
        if currency in self.cost or len(self.cost) < MAX_CURRENCIES:
            self.cost[currency] = self.cost.get(currency, Decimal(0)) + amount

    def as_dict(self) -> dict[str, object]:
        return {
            "runs": self.runs,
            "errors": self.errors,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cached_tokens": self.cached_tokens,
            "reasoning_tokens": self.reasoning_tokens,
            "cost": {each: float(amount) for each, amount in self.cost.items()},
            "time_to_first_token_ms": _spread(self.first_token),
            "latency_ms": _spread(self.latency),
            "tokens_per_second": _spread(self.speed),
        }


def _spread(histogram: Histogram) -> dict[str, float | None]:
    return dict(zip(SHARES, histogram.quantiles(SHARES.values()), strict=True))
