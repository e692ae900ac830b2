"""Budgets: what each caller may use in a period, counted in the store.

A run leases what it may use before it uses it, a little at a time, so that all runs of
all processes together use no more than there is.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from budgets.account import Account
from budgets.lease import Lease
from budgets.units import Money, Tokens, Units
from runs import Run
from settings import Settings
from settings.budgets import Budget
from store import Store

__all__ = ["Account", "Budgets", "Lease"]


class Budgets:
    """The accounts of an app's callers; one is opened when its caller first asks."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings, self._store, self._clock = settings, store, clock
        self._accounts: dict[str, Account] = {}

    def lease(self, run: Run) -> Lease | None:
        """A lease for *run*; `None` if nothing limits its caller."""
        budget = self._settings.budget_of(run.principal)
        if budget is None:
            return None
        name = run.principal or ""
        if name not in self._accounts:
            self._accounts[name] = self._open(name, budget)
        return Lease(self._accounts[name], run, self._units(budget))

    def _open(self, name: str, budget: Budget) -> Account:
        return Account(
            self._store,
            name,
            self._units(budget).limit,
            budget.per,
            clock=self._clock,
            refuses=self._settings.budget_when_store_down == "refuse",
        )

    def _units(self, budget: Budget) -> Units:
        if budget.tokens is not None:
            return Tokens(budget.tokens)
        assert budget.cost is not None
        return Money(budget.cost, self._settings.prices, self._settings.deployment)
