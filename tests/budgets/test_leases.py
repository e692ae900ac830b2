"""What a run leases: of a model that costs what was not expected, and over periods."""

import asyncio
from datetime import UTC, datetime

import anyio.lowlevel
import pytest

from budgets.account import PARTITION, Account
from budgets.lease import Lease
from budgets.units import Money, Tokens, Units
from runs import ModelCall, Run
from runs.closing import close
from settings.prices import Prices
from store import StoreError
from store.memory import MemoryStore
from streaming.errors import QuotaExceeded, StoreUnavailable
from streaming.events import Usage

PRICES = Prices.model_validate(
    {
        "by_name": {
            "cheap": {"input": 1, "output": 1},
            "dear": {"input": 100, "output": 100},
        }
    }
)


class Counting(MemoryStore):
    """Counts the documents that are written, unless it is `down`."""

    puts, down = 0, False

    async def put(
        self,
        partition: str,
        key: str,
        value: bytes,
        *,
        version: str | None = None,
        keep: float | None = None,
    ) -> str:
        if self.down:
            raise StoreError("down")
        self.puts += 1
        return await super().put(partition, key, value, version=version, keep=keep)


def money(expected: str | None) -> Money:
    return Money(PRICES.by_name["cheap"].input, PRICES, expected)


def account(store: MemoryStore, units: Units, now: list[datetime]) -> Account:
    limit = units.limit
    return Account(store, "a", limit, "minute", clock=lambda: now[0], refuses=False)


NOW = [datetime(2026, 12, 31, 12, 0, 30, tzinfo=UTC)]


async def test_a_prompt_is_leased_at_the_price_of_what_is_asked() -> None:
    """It is billed with the request, whatever comes of the answer."""
    units, run = money("cheap"), Run()
    kept, call = account(MemoryStore(), units, NOW), ModelCall("dear")
    with pytest.raises(QuotaExceeded):
        await Lease(kept, run, units).open(20_000, call)
    assert kept.remaining == units.limit


@pytest.mark.parametrize("expected", ["cheap", "of no price", None])
async def test_a_dear_model_leases_by_the_step_too(expected: str | None) -> None:
    store, run = Counting(), Run()
    call = ModelCall("dear")
    units = money(expected)
    lease = Lease(account(store, units, NOW), run, units)
    lease.limit(10)
    await run.meter.pay()
    run.begin_call("c", call)
    run.meter.look()
    for _ in range(1024):
        call.note_chunks(0.0)
        run.meter.note(4)
        if run.meter.written >= run.meter.mark:
            await run.meter.pay()
    await close(run)
    assert 3 <= store.puts <= 12


async def test_what_a_period_has_not_given_is_not_given_back_to_it() -> None:
    """An estimate of a prompt may be far too high, and known at the end alone."""
    store, now, run = MemoryStore(), [*NOW], Run()
    kept, call = account(store, Tokens(50_000), now), ModelCall("m")
    lease = Lease(kept, run, Tokens(50_000))
    await lease.open(20_000)
    run.begin_call("c", call)
    now[0] = datetime(2026, 12, 31, 12, 1, 30, tzinfo=UTC)
    period = await kept.take(10_000)  # Another run's.
    call.chunks = 20_300
    await lease.cover()
    call.usage = Usage(100, 100, 200)
    await close(run)
    assert kept.remaining == 40_000
    found = dict(await store.list(PARTITION))
    assert {key.partition("|")[2]: each.value for key, each in found.items()} == {
        "20261231T1200": b'{"used": 200}',
        period: b'{"used": 10000}',
    }


@pytest.mark.parametrize("written", [300, 2_000], ids=["at a time", "unseen"])
async def test_a_store_that_is_down_and_refuses_is_no_budget_that_is_used_up(
    written: int,
) -> None:
    """The caller may go on once the store is back, and has budget left."""
    store, run, call = Counting(), Run(), ModelCall("m")
    units = Tokens(50_000)
    kept = Account(store, "a", 50_000, "day", clock=lambda: NOW[0], refuses=True)
    lease = Lease(kept, run, units)
    lease.limit(10)
    await run.meter.pay()
    run.begin_call("c", call)
    store.down, call.chunks = True, written
    with pytest.raises(StoreUnavailable):
        await lease.cover()
    run.meter.note(written * 4)  # Of which nothing is shown: nobody awaits `cover`.
    async with asyncio.timeout(5):
        while written == 2_000 and run.stopped_by is None:
            await anyio.lowlevel.checkpoint()
    assert isinstance(run.stopped_by, StoreUnavailable | None)
    await close(run)
