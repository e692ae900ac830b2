"""How much each caller may use: `BUDGETS`."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_settings import NoDecode

Per = Literal["minute", "day", "month"]

EVERYONE = "*"
"""The name for each caller that has no budget of their own."""


class Budget(BaseModel):
    """*tokens*, or *cost* in the currency of `PRICES`, in each calendar period, UTC."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tokens: Annotated[int, Field(ge=1)] | None = None
    cost: Annotated[Decimal, Field(gt=0, allow_inf_nan=False)] | None = None
    per: Per

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        if (self.tokens is None) == (self.cost is None):
            raise ValueError("expected 'tokens' or 'cost', and one of them")
        return self


def _read(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        read: object = json.loads(value, parse_float=Decimal)
    except json.JSONDecodeError as exc:
        where = f"{exc.msg} at line {exc.lineno} column {exc.colno}"
        raise ValueError(f"expected a JSON object: {where}") from None
    if not isinstance(read, Mapping):
        raise ValueError("expected a JSON object of budgets by the names of callers")
    return read


class BudgetSettings(BaseModel):
    """A budget of `cost` needs `PRICES`."""

    budgets: Annotated[dict[str, Budget], NoDecode, BeforeValidator(_read)] = Field(
        default_factory=dict
    )
    budget_when_store_down: Literal["allow", "refuse"] = "allow"

    @model_validator(mode="after")
    def _priced(self) -> Self:
        prices = getattr(self, "prices", None)
        for name, budget in self.budgets.items():
            if budget.cost is not None and prices is None:
                raise ValueError(f"BUDGETS: the cost of {name!r} needs PRICES")
        return self

    def budget_of(self, principal: str | None) -> Budget | None:
        return self.budgets.get(principal or "", self.budgets.get(EVERYONE))
