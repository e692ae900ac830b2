"""What tokens cost: `PRICES`."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_settings import NoDecode

from settings.kinds import json_object

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
        for name in names:
            if name != EVERY and ("*" in name or not name or name != name.strip()):
                raise ValueError(
                    f"{name!r} is the name of no deployment or model; "
                    f"expected one of those, or {EVERY!r} for all others"
                )
        if not names:
            raise ValueError('expected {"gpt-4o": {"input": 2.5, "output": 10}}')
        return {**given, "by_name": names}

    def of(self, *names: str) -> Price | None:
        """The price of the first of *names* that has one, else that of `"*"`."""
        found = (self.by_name[name] for name in names if name in self.by_name)
        return next(found, self.by_name.get(EVERY))


class PriceSettings(BaseModel):
    prices: Annotated[Prices | None, NoDecode, json_object("prices by deployment")] = (
        None
    )
