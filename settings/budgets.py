"""How much each caller may use: `BUDGETS`."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator
from pydantic_settings import NoDecode

from settings.from_json import JsonObject, json_object

Per = Literal["minute", "day", "month"]

EVERYONE = "*"
"""The name for each caller that has no budget of their own."""


class Budget(JsonObject):
    """*tokens*, or *cost* in the currency of `PRICES`, in each calendar period, UTC."""

    tokens: Annotated[int, Field(ge=1)] | None = None
    cost: Annotated[Decimal, Field(gt=0, allow_inf_nan=False)] | None = None
    per: Per

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        if (self.tokens is None) == (self.cost is None):
            raise ValueError("expected 'tokens' or 'cost', and one of them")
        return self


def _of_callers(budgets: dict[str, Budget]) -> dict[str, Budget]:
    for name in budgets:
        if name != EVERYONE and ("*" in name or not name or name != name.strip()):
            raise ValueError(
                f"{name!r} is the name of no caller; expected the name of one of "
                f"API_KEYS or a principal, or {EVERYONE!r} for each of the others"
            )
    return budgets


class BudgetSettings(BaseModel):
    """A budget of `cost` needs `PRICES`."""

    budgets: Annotated[
        dict[str, Budget],
        NoDecode,
        AfterValidator(_of_callers),
        json_object("budgets by the names of callers"),
    ] = Field(default_factory=dict)
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
