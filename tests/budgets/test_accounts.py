"""What one caller has used, whatever asks at once, and while the store is down."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets.account import PARTITION, Account
from store import ANY, Document, StoreError
from store.memory import MemoryStore
from streaming.errors import QuotaExceeded, StoreUnavailable

NOON = datetime(2026, 12, 31, 12, 0, 30, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


class Failing(MemoryStore):
    """A store that is down while `down` is set."""

    down = False

    async def get(self, partition: str, key: str) -> Document | None:
        if self.down:
            raise StoreError("down")
        return await super().get(partition, key)


def account(
    store: MemoryStore, limit: int = 1000, *, clock: Clock | None = None, **more: bool
) -> Account:
    refuses = more.get("refuses", False)
    return Account(
        store, "someone", limit, "day", clock=clock or Clock(), refuses=refuses
    )


async def test_no_more_is_granted_than_there_is_whatever_asks_at_once() -> None:
    store = MemoryStore()
    writers = [account(store) for _ in range(4)]
    asked = [writers[n % 4].take(30) for n in range(200)]
    granted = await asyncio.gather(*asked, return_exceptions=True)
    refused = [each for each in granted if isinstance(each, QuotaExceeded)]
    assert len(granted) - len(refused) == 33
    with pytest.raises(QuotaExceeded) as error:
        await writers[0].take(30)
    assert error.value.retry_after_ms == (11 * 3600 + 59 * 60 + 30) * 1000


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 400)), max_size=40))
def test_what_is_used_never_passes_the_limit_by_what_is_granted(
    asked: Sequence[tuple[int, int]],
) -> None:
    async def check() -> None:
        store, clock = MemoryStore(), Clock()
        writers = [account(store, clock=clock) for _ in range(4)]
        held: list[tuple[Account, int, str]] = []
        for writer, amount in asked:
            try:
                period = await writers[writer].take(amount)
                held.append((writers[writer], amount, period))
            except QuotaExceeded:
                if held:
                    other, given_back, period = held.pop(0)
                    await other.give(given_back, period)
            assert sum(amount for _, amount, _ in held) <= 1000
        last = account(store)
        await last.give(0, last.period)
        assert last.remaining == 1000 - sum(amount for _, amount, _ in held)

    asyncio.run(check())


@pytest.mark.parametrize(
    ("per", "left"),
    [("minute", 30), ("day", 43_170), ("month", 43_170)],
)
async def test_a_budget_is_renewed_when_its_period_ends(per: str, left: int) -> None:
    clock = Clock()
    limited = Account(MemoryStore(), "a", 10, per, clock=clock, refuses=False)  # type: ignore[arg-type]  # a parameter
    assert limited.resets_in() == left
    await limited.take(10)
    clock.now += timedelta(seconds=left - 1)
    with pytest.raises(QuotaExceeded):
        await limited.take(1)
    clock.now += timedelta(seconds=1)
    await limited.take(10)


async def test_what_is_given_back_counts_for_the_period_it_was_taken_in() -> None:
    clock = Clock()
    limited = account(MemoryStore(), clock=clock)
    period = await limited.take(1000)
    clock.now += timedelta(days=1)
    await limited.take(1000)
    await limited.give(500, period)
    with pytest.raises(QuotaExceeded):
        await limited.take(1)


async def test_more_than_was_leased_is_used_all_the_same() -> None:
    limited = account(MemoryStore())
    period = await limited.take(900)
    await limited.give(-500, period)
    assert limited.remaining == 0
    with pytest.raises(QuotaExceeded):
        await limited.take(1)


async def test_while_the_store_is_down_this_process_counts_alone() -> None:
    store = Failing()
    limited, other = account(store), account(store)
    await limited.take(400)
    store.down = True
    await limited.take(500)
    with pytest.raises(QuotaExceeded):
        await limited.take(200)
    store.down = False
    await limited.take(50)
    with pytest.raises(QuotaExceeded):
        await other.take(51)
    await other.take(50)


async def test_a_store_that_is_down_may_refuse_and_counts_what_was_used() -> None:
    store = Failing()
    limited = account(store, refuses=True)
    period = await limited.take(400)
    store.down = True
    with pytest.raises(StoreUnavailable):
        await limited.take(1)
    await limited.give(-100, period)
    store.down = False
    with pytest.raises(QuotaExceeded):
        await limited.take(501)
    await limited.take(500)


async def test_what_is_granted_to_a_caller_who_has_left_is_given_back() -> None:
    limited = account(MemoryStore())
    waiting = asyncio.create_task(limited.take(1000))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait({waiting})
    await limited.take(1000)


@pytest.mark.parametrize("value", [b"{", b"[]", b'{"spent":1}', b'{"used":null}'])
async def test_a_count_that_cannot_be_read_keeps_nobody_waiting(value: bytes) -> None:
    store = MemoryStore()
    limited, refusing = account(store), account(store, refuses=True)
    await limited.take(400)
    [(key, _)] = await store.list(PARTITION)
    await store.put(PARTITION, key, value, version=ANY)
    async with asyncio.timeout(5):
        await limited.take(600)
        with pytest.raises(QuotaExceeded):
            await limited.take(1)
        with pytest.raises(StoreUnavailable):
            await refusing.take(1)


async def test_a_provider_may_count_any_number() -> None:
    limited = account(MemoryStore())
    async with asyncio.timeout(5):
        for _ in range(3):
            await limited.give(-(2**63 - 1), limited.period)
        with pytest.raises(QuotaExceeded):
            await limited.take(1)


async def test_what_is_past_takes_no_memory() -> None:
    clock = Clock()
    limited = account(MemoryStore(), clock=clock)
    for _ in range(5):
        await limited.take(1)
        clock.now += timedelta(days=1)
    assert len(vars(limited)["_used"]) <= 2
