"""What the tokens of a run cost, in decimal arithmetic."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol

from runs.model_call import ModelCall
from streaming.events import Cost, Usage

PER = Decimal(1_000_000)
"""Tokens that a price is for."""


class TokenPrice(Protocol):
    """Of `PER` tokens."""

    @property
    def input(self) -> Decimal: ...
    @property
    def output(self) -> Decimal: ...
    @property
    def of_cached(self) -> Decimal: ...


class PriceList(Protocol):
    @property
    def currency(self) -> str: ...

    def of(self, *names: str) -> TokenPrice | None:
        """The price of the first of *names* that has one, else one for all others."""


def cost(calls: Iterable[ModelCall], prices: PriceList | None) -> Cost | None:
    """The sum over *calls*; `None` if one that used tokens has no price.

    Reasoning tokens are among the output's, cached ones among the input's.
    """
    if prices is None:
        return None
    total = Decimal(0)
    for call in calls:
        usage = call.usage or call.estimate()
        price = prices.of(call.deployment, call.model)
        if price is not None:
            total += _of(usage, price)
        elif usage.total_tokens:
            return None
    return Cost(total, prices.currency)


def _of(usage: Usage, price: TokenPrice) -> Decimal:
    cached = min(usage.cached_tokens, usage.input_tokens)
    fresh = usage.input_tokens - cached
    spent = (
        fresh * price.input
        + cached * price.of_cached
        + usage.output_tokens * price.output
    )
    return spent / PER
