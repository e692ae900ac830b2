"""What one run may use of its caller's budget: a little more than it has used."""

import asyncio
import sys
from collections.abc import Mapping
from math import ceil

from budgets.account import Account
from budgets.units import Units, tokens, used
from runs import ModelCall, Run
from runs.tokens import BYTES_PER_TOKEN
from streaming.errors import (
    BudgetUsedUp,
    ChatError,
    QuotaExceeded,
    StoreUnavailable,
)

STEP_TOKENS = 256
"""Tokens of an answer that are leased at a time."""


class Lease:
    """Grows with *run*; its rest is given back when the run closes."""

    def __init__(self, account: Account, run: Run, units: Units) -> None:
        self._account, self._run, self._units = account, run, units
        self._leased = 0
        self._taken: dict[str, int] = {}
        """By period: a run may outlast one."""
        self._growing: asyncio.Task[None] | None = None
        self._refused: ChatError | None = None
        self._watching: asyncio.Task[None] | None = None
        run.admission.ask()

    def limit(self, prompt_tokens: int) -> None:
        """Have the run lease its prompt before anything is asked, and then each step
        before it goes on."""
        meter = self._run.meter

        async def pay() -> None:
            if self._taken:
                await self.cover()
            else:
                await self.open(prompt_tokens)

        meter.pay, meter.overdue, meter.mark = pay, self._watch, 0

    async def open(self, prompt_tokens: int, call: ModelCall | None = None) -> None:
        """Lease the prompt and a step, of the *call* if it is known what is asked;
        raises `QuotaExceeded` without room for it."""
        amount = self._units.of(tokens(prompt_tokens, STEP_TOKENS), call)
        try:
            await self._take(amount)
        finally:
            self._run.quota = self.headers
        self._run.closers.append(self.close)
        self._run.admission.agree()
        self._set_mark(amount)

    @property
    def headers(self) -> Mapping[str, str]:
        """The budget, what is left of it, and in how many seconds it is renewed."""
        return {
            "x-quota-limit": str(self._account.limit),
            "x-quota-remaining": str(self._account.remaining),
            "x-quota-reset": str(ceil(self._account.resets_in())),
        }

    async def cover(self) -> None:
        """Return once all that the run has used is leased.

        Half a step before that more is leased meanwhile. Raises `BudgetUsedUp`, or
        `StoreUnavailable` if that refuses.
        """
        used, step = self._used, self._step
        if self._leased < used and self._growing is not None:
            await asyncio.wait({self._growing})
        if self._leased < used:
            self._refused = None
            await self._grow(step + used - self._leased)
            if self._leased < used:
                raise self._refused or BudgetUsedUp()
        left = self._leased - used
        if left <= step // 2 and self._growing is None and not self._refused:
            self._growing = asyncio.create_task(self._grow(step))
        self._set_mark(left)

    def _set_mark(self, left: int) -> None:
        """Look again once half a step is *left*, or, if it is, once nothing is."""
        meter, step = self._run.meter, self._step
        if not step:  # What has no price costs nothing.
            meter.mark = meter.overdue_at = sys.maxsize
            return
        ends = left * STEP_TOKENS // step + 1
        ahead = (left - step // 2) * STEP_TOKENS // step + 1
        asks = self._growing is None and not self._refused and ahead > 0
        meter.mark = meter.written + (ahead if asks else ends) * BYTES_PER_TOKEN
        late = ends + STEP_TOKENS // 2  # By then it would have been awaited.
        meter.overdue_at = meter.written + late * BYTES_PER_TOKEN

    @property
    def _step(self) -> int:
        """What a step is of the dearest model that the run has asked."""
        usage, calls = tokens(0, STEP_TOKENS), self._run.calls.values()
        return max(self._units.of(usage, call) for call in (None, *calls))

    def _watch(self) -> None:
        """End a run that shows nothing once its budget has: a tool's arguments, or what
        a function asks a model."""
        self._run.meter.overdue_at = sys.maxsize

        async def watch() -> None:
            try:
                await self.cover()
            except ChatError as error:
                self._run.end_early(error)

        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(watch())

    async def _grow(self, amount: int) -> None:
        try:
            await self._take(amount)
        except QuotaExceeded:
            self._refused = BudgetUsedUp()
        except StoreUnavailable as error:
            self._refused = error
        finally:
            self._growing = None

    async def _take(self, amount: int) -> None:
        period = await self._account.take(amount)
        self._leased += amount
        self._taken[period] = self._taken.get(period, 0) + amount

    @property
    def _used(self) -> int:
        return used(self._run.calls.values(), self._units)

    async def settle(self) -> None:
        """Use what *run* has used, of which nothing was leased."""
        await self._account.give(-self._used, self._account.period)

    async def close(self) -> None:
        """Give back what was leased and not used, or use what was not leased."""
        self._run.meter.mark = self._run.meter.overdue_at = sys.maxsize
        for task in (self._growing, self._watching):
            if task is not None:
                await asyncio.wait({task})
        rest, self._leased = self._leased - self._used, 0
        for period, taken in reversed(self._taken.items()):
            # To no period more than it has given: others have used the rest of it.
            if back := min(rest, taken):
                await self._account.give(back, period)
            rest -= back
            if rest <= 0:
                break
