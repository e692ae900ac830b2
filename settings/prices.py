"""What tokens cost: `PRICES`."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_settings import NoDecode

from settings.from_json import JsonObject, json_object

EVERY = "*"
"""The name whose prices hold for all deployments that have none of their own."""

Amount = Annotated[Decimal, Field(ge=0, le=1_000_000, allow_inf_nan=False)]


def _currency(value: str) -> str:
    if not re.fullmatch("[A-Z]{3}", value):
        raise ValueError("expected three capitals, such as EUR")
    return value


class Price(JsonObject):
    """Of a million tokens; `cached` ones cost what other `input` does if it is left
    out."""

    input: Amount
    output: Amount
    cached: Amount | None = None

    @property
    def of_cached(self) -> Decimal:
        return self.input if self.cached is None else self.cached


class Prices(BaseModel):
    """By the names of deployments or models."""

    model_config = ConfigDict(frozen=True)

    currency: Annotated[str, AfterValidator(_currency)] = "USD"
    by_name: dict[str, Price]

    def of(self, *names: str) -> Price | None:
        """The price of the first of *names* that has one, else that of `"*"`."""
        found = (self.by_name[name] for name in names if name in self.by_name)
        return next(found, self.by_name.get(EVERY))


def _apart(given: object) -> object:
    """What is written of prices, with those of each name in a field of their own."""
    if not isinstance(given, Mapping):
        return given
    currency = {name: value for name, value in given.items() if name == "currency"}
    names = {name: value for name, value in given.items() if name != "currency"}
    for name in names:
        if name != EVERY and ("*" in name or not name or name != name.strip()):
            raise ValueError(
                f"{name!r} is the name of no deployment or model; "
                f"expected one of those, or {EVERY!r} for all others"
            )
    if not names:
        raise ValueError('expected {"gpt-4o": {"input": 2.5, "output": 10}}')
    return {**currency, "by_name": names}


class PriceSettings(BaseModel):
    prices: Annotated[
        Prices | None,
        NoDecode,
        BeforeValidator(_apart),
        json_object("prices by deployment"),
    ] = None
