"""What a budget is counted in: tokens, or billionths of a currency's unit."""

from collections.abc import Iterable
from decimal import Decimal
from math import ceil
from typing import Protocol

from runs import ModelCall
from runs.cost import PER, PriceList
from streaming.events import Usage

BILLION = 1_000_000_000


class Units(Protocol):
    @property
    def limit(self) -> int:
        """What may be used in a period."""

    def of(self, usage: Usage, call: ModelCall | None = None) -> int:
        """What *usage* counts, of a *call* that is not known yet if it is left out."""


class Tokens:
    def __init__(self, limit: int) -> None:
        self.limit = limit

    def of(self, usage: Usage, call: ModelCall | None = None) -> int:
        return usage.total_tokens


class Money:
    """What has no price costs nothing."""

    def __init__(
        self, limit: Decimal, prices: PriceList | None, deployment: str | None
    ) -> None:
        self.limit = ceil(limit * BILLION)
        self._prices, self._deployment = prices, deployment or ""

    def of(self, usage: Usage, call: ModelCall | None = None) -> int:
        names = (call.deployment, call.model) if call else (self._deployment,)
        price = self._prices.of(*names) if self._prices else None
        if price is None:
            return 0
        cached = min(usage.cached_tokens, usage.input_tokens)
        spent = (
            (usage.input_tokens - cached) * price.input
            + cached * price.of_cached
            + usage.output_tokens * price.output
        )
        return ceil(spent * BILLION / PER)


def tokens(prompt: int, output: int) -> Usage:
    return Usage(prompt, output, prompt + output)


def used(calls: Iterable[ModelCall], units: Units) -> int:
    """What *calls* have used so far: as their providers say, else as it looks."""
    total = 0
    for call in calls:
        usage = call.usage
        if usage is None:
            usage = tokens(call.prompt_tokens, call.written_tokens)
        total += units.of(usage, call)
    return total
