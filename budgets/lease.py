"""What one run may use of its caller's budget: a little more than it has used."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from math import ceil

from budgets.account import Account
from budgets.units import Units, tokens, used
from runs import Run
from streaming.errors import BudgetUsedUp, ChatError, QuotaExceeded, StoreUnavailable

STEP_TOKENS = 256
"""Tokens of an answer that are leased at a time."""

MOST_UNSEEN = 32
"""Items of an answer that may pass before what it uses is looked at again: to look
costs as much as a sixth of all that is done for a token."""


class Lease:
    """Grows with *run*; its rest is given back when the run closes."""

    def __init__(self, account: Account, run: Run, units: Units) -> None:
        self._account, self._run, self._units = account, run, units
        self._step = units.of(tokens(0, STEP_TOKENS))
        self._leased, self._period = 0, ""
        self._growing: asyncio.Task[None] | None = None
        self._refused = False
        self._prompt = self._items = self._unseen = 0
        run.admission.ask()

    async def open(self, prompt_tokens: int) -> None:
        """Lease the prompt and a step; raises `QuotaExceeded` without room for it."""
        amount = self._units.of(tokens(prompt_tokens, STEP_TOKENS))
        self._prompt = amount - self._step
        self._period = await self._account.take(amount)
        self._leased = amount
        self._run.quota = self.headers
        self._run.closers.append(self.close)
        self._run.admission.agree()

    @property
    def headers(self) -> Mapping[str, str]:
        """The budget, what is left of it, and in how many seconds it is renewed."""
        return {
            "x-quota-limit": str(self._account.limit),
            "x-quota-remaining": str(self._account.remaining),
            "x-quota-reset": str(ceil(self._account.resets_in())),
        }

    async def cover(self) -> int:
        """Return once all that the run has used is leased, and for how many items.

        Half a step before that more is leased meanwhile. Raises `BudgetUsedUp`.
        """
        used = self._used
        left = self._leased - used
        if left >= self._step // 2:
            return self._covered(used, left)
        if left >= 0:
            if self._growing is None and not self._refused:
                self._growing = asyncio.create_task(self._grow(self._step))
            return self._covered(used, self._leased - used)
        if self._growing is not None:
            await asyncio.wait({self._growing})
            left = self._leased - used
        if left < 0:
            self._refused = False
            await self._grow(self._step - left)
        if self._leased < used:
            raise BudgetUsedUp()
        return self._covered(used, self._leased - used)

    def _covered(self, used: int, left: int) -> int:
        """As many items as use half of what is *left*, if they are as those until
        now: tokens are counted as they arrive, several at once."""
        self._items += self._unseen + 1
        written = used - self._prompt
        items = left * self._items // (2 * written) if written > 0 else 0
        self._unseen = min(MOST_UNSEEN, items)
        return self._unseen

    async def _grow(self, amount: int) -> None:
        try:
            self._period = await self._account.take(amount)
            self._leased += amount
        except (QuotaExceeded, StoreUnavailable):
            self._refused = True
        finally:
            self._growing = None

    @property
    def _used(self) -> int:
        return used(self._run.calls.values(), self._units)

    async def settle(self) -> None:
        """Use what *run* has used, of which nothing was leased."""
        await self._account.give(-self._used, self._account.period)

    async def close(self) -> None:
        """Give back what was leased and not used, or use what was not leased."""
        if self._growing is not None:
            with suppress(ChatError):
                await self._growing
        rest, self._leased = self._leased - self._used, 0
        if rest:
            await self._account.give(rest, self._period)


async def within[T](
    items: AsyncGenerator[T], lease: Lease, prompt_tokens: int
) -> AsyncGenerator[T]:
    """Open *lease*, and pass *items* on as far as it reaches."""
    await lease.open(prompt_tokens)
    unseen = 0
    async with aclosing(items):
        async for item in items:
            if unseen:
                unseen -= 1
            else:
                unseen = await lease.cover()
            yield item
