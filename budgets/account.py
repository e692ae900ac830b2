"""What one caller has used in this period, counted by compare-and-set in the store."""

import asyncio
import json
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from operator import index

from budgets import periods
from settings.budgets import Per
from store import Conflict, Document, Store, StoreError, readable
from streaming.errors import QuotaExceeded, StoreUnavailable

log = logging.getLogger(__name__)

PARTITION = "budgets"

KEPT_SECONDS = 3600
"""Seconds for which a count is kept after its period: runs may still give back."""

RETRY_SECONDS = 0.02
"""The most seconds before another process's change is tried over again, doubled each
time."""

MAX_TRIES = 12


@dataclass(slots=True, eq=False)
class _Change:
    """*amount* is what is taken, or, below zero, given back.

    If it is *settled*, it has been used already, and is no question of granting.
    """

    amount: int
    period: str
    settled: bool
    done: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Account:
    """The account of the caller *name*, who may use *limit* in each period.

    What is asked for while the store is at work goes with the next change of it: many
    runs of a process are one writer. With *refuses*, nothing is granted while the store
    is down; else what this process knows decides, and is counted once the store is up.
    """

    def __init__(
        self,
        store: Store,
        name: str,
        limit: int,
        per: Per,
        *,
        clock: Callable[[], datetime],
        refuses: bool,
    ) -> None:
        self._store, self._per, self._clock = store, per, clock
        self._refuses, self._key = refuses, sha256(name.encode()).hexdigest()[:32]
        self.limit = limit
        self._used: dict[str, int] = {}
        """By period, as it was last seen; those that are past are forgotten."""
        self._uncounted: dict[str, int] = {}
        self._waiting: list[_Change] = []
        self._worker: asyncio.Task[None] | None = None
        self._failing = False

    @property
    def period(self) -> str:
        return periods.start(self._clock(), self._per)

    @property
    def remaining(self) -> int:
        period = self.period
        used = self._used.get(period, 0) + self._uncounted.get(period, 0)
        return max(0, self.limit - used)

    def resets_in(self) -> float:
        """Seconds until the next period."""
        return periods.seconds_left(self._clock(), self._per)

    async def take(self, amount: int) -> str:
        """Take *amount*, and return the period that it is of.

        Raises `QuotaExceeded` if there is not so much left, and `StoreUnavailable`.
        """
        change = _Change(amount, self.period, settled=False)
        self._ask(change)
        await change.done
        return change.period

    def give(self, amount: int, period: str) -> asyncio.Future[None]:
        """Give back *amount* of what was taken in *period*; below zero, use more."""
        change = _Change(-amount, period, settled=True)
        self._ask(change)
        return change.done

    def _ask(self, change: _Change) -> None:
        self._waiting.append(change)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())

    async def _work(self) -> None:
        while self._waiting:
            period = self._waiting[0].period
            batch = [each for each in self._waiting if each.period == period]
            self._waiting = [each for each in self._waiting if each.period != period]
            self._forget_all_but({period, self.period})
            try:
                granted = await self._count(batch, period)
                self._failing = False
            except StoreError as exc:
                if not self._failing:
                    log.error("a budget is not counted: %s", type(exc).__name__)
                self._failing = True
                granted = self._without_store(batch, period)
            self._answer(batch, granted)

    def _forget_all_but(self, periods: set[str]) -> None:
        for counts in (self._used, self._uncounted):
            for past in counts.keys() - periods:
                del counts[past]

    async def _count(self, batch: Sequence[_Change], period: str) -> set[_Change]:
        """Count *batch* in the store, and return what is granted of it."""
        key = f"{self._key}|{period}"
        for tried in range(MAX_TRIES):
            found = await self._store.get(PARTITION, key)
            before = _used(found) if found else 0
            uncounted = self._uncounted.get(period, 0)
            granted, after = self._granted(batch, before + uncounted)
            if after == before and not uncounted:
                self._used[period] = before
                return granted
            value = json.dumps({"used": after}).encode()  # Of any size.
            version = found.version if found else None
            keep = self.resets_in() + KEPT_SECONDS
            try:
                await self._store.put(PARTITION, key, value, version=version, keep=keep)
            except Conflict:
                pause = random.uniform(0, RETRY_SECONDS * 2**tried)  # noqa: S311
                await asyncio.sleep(min(pause, 1))
                continue
            self._uncounted[period] = self._uncounted.get(period, 0) - uncounted
            self._used[period] = after
            return granted
        raise StoreError("a budget is changed by too many at once")

    def _granted(self, batch: Sequence[_Change], used: int) -> tuple[set[_Change], int]:
        """What is granted of *batch*, in its order, and what is used then."""
        granted = {each for each in batch if each.settled}
        used = max(0, used + sum(each.amount for each in granted))
        for each in batch:
            if not each.settled and used + each.amount <= self.limit:
                used += each.amount
                granted.add(each)
        return granted, used

    def _without_store(self, batch: Sequence[_Change], period: str) -> set[_Change]:
        if self._refuses:
            batch = [each for each in batch if each.settled]
        known = self._used.get(period, 0)
        used = known + self._uncounted.get(period, 0)
        granted, after = self._granted(batch, used)
        self._uncounted[period] = after - known
        return granted

    def _answer(self, batch: Sequence[_Change], granted: set[_Change]) -> None:
        for each in batch:
            if each.done.cancelled():
                if each in granted and not each.settled:
                    self.give(each.amount, each.period)
            elif each in granted:
                each.done.set_result(None)
            elif self._refuses and each.amount <= self.remaining:
                each.done.set_exception(StoreUnavailable())
            else:
                wait = round(self.resets_in() * 1000)
                each.done.set_exception(QuotaExceeded(retry_after_ms=wait))


def _used(found: Document) -> int:
    with readable():
        return index(json.loads(found.value)["used"])
