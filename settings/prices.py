"""What tokens cost: `PRICES`."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_settings import NoDecode

EVERY = "*"
"""The name whose prices hold for all deployments that have none of their own."""

Amount = Annotated[Decimal, Field(ge=0, le=1_000_000, allow_inf_nan=False)]


class Price(BaseModel):
    """Of a million tokens; `cached` ones cost what other `input` does if it is left
    out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: Amount
    output: Amount
    cached: Amount | None = None

    @property
    def of_cached(self) -> Decimal:
        return self.input if self.cached is None else self.cached


class Prices(BaseModel):
    """By the names of deployments or models."""

    model_config = ConfigDict(frozen=True)

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    by_name: dict[str, Price]

    @model_validator(mode="before")
    @classmethod
    def _apart(cls, given: object) -> object:
        if not isinstance(given, dict) or "by_name" in given:
            return given
        names = {name: value for name, value in given.items() if name != "currency"}
        if not names:
            raise ValueError('expected {"gpt-4o": {"input": 2.5, "output": 10}}')
        return {**given, "by_name": names}

    def of(self, *names: str) -> Price | None:
        """The price of the first of *names* that has one, else that of `"*"`."""
        found = (self.by_name[name] for name in names if name in self.by_name)
        return next(found, self.by_name.get(EVERY))


def _read(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        # Not floats: 0.1 is one tenth.
        read: object = json.loads(value, parse_float=Decimal)
    except json.JSONDecodeError as exc:
        where = f"{exc.msg} at line {exc.lineno} column {exc.colno}"
        raise ValueError(f"expected a JSON object: {where}") from None
    if not isinstance(read, Mapping):
        raise ValueError("expected a JSON object of prices by deployment")
    return read


class PriceSettings(BaseModel):
    prices: Annotated[Prices | None, NoDecode, BeforeValidator(_read)] = None
