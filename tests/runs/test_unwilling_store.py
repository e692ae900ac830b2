"""A store that is down, slow or full: the answer goes on, and says what is not kept."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from itertools import cycle

import anyio
import pytest

from runs import Run, run_log
from runs.logs import Logs
from runs.reading import read
from store import StoreError
from store.memory import MemoryStore
from streaming.errors import StoreUnavailable
from streaming.events import Event, TextDelta
from tests.support.followed_runs import numbers
from tests.support.logged_answers import answer, followed, logs_over
from tests.support.unwilling_store import UnwillingStore

KEPT_IS_FALSE = b'"kept":false'


@pytest.fixture(autouse=True)
def _only_asyncio(anyio_backend: str) -> None:
    pass


async def tokens(count: int = 5, text: str = "tok") -> AsyncGenerator[Event]:
    for _ in range(count):
        await asyncio.sleep(0)
        yield TextDelta("d", text)


async def slow_tokens(text: str = "tok") -> AsyncGenerator[Event]:
    for _ in range(12):
        await asyncio.sleep(0.1)
        yield TextDelta("d", text)


async def settled(logs: Logs) -> None:
    """Wait until nothing waits for the store."""
    with anyio.fail_after(5):
        while logs.health()["open_logs"]:
            await anyio.lowlevel.checkpoint()


@pytest.mark.anyio
async def test_a_store_that_is_down_stops_no_answer_which_says_so() -> None:
    logs, run = logs_over(UnwillingStore(fails=lambda: True)), Run(chain="c")
    stream = await answer(logs, run, tokens())
    assert numbers(stream) == [1, 2, 3, 4, 5, 6]
    assert KEPT_IS_FALSE in stream
    assert not run.kept


@pytest.mark.anyio
async def test_a_store_that_comes_back_has_the_whole_run() -> None:
    store = UnwillingStore(fails=lambda: True)
    logs, run = logs_over(store), Run(chain="c")
    stream = await answer(logs, run, tokens())
    store.fails = lambda: False
    await settled(logs)
    again = await followed(logs, run.id, 0)
    assert again == stream.replace(b"," + KEPT_IS_FALSE, b"")


@pytest.mark.anyio
@pytest.mark.parametrize("period", [2, 3])
async def test_a_store_that_flaps_has_the_whole_run(period: int) -> None:
    store = UnwillingStore(fails=_often(period), late=_often(period + 1))
    logs, run = logs_over(store), Run(chain="c")
    stream = await answer(logs, run, slow_tokens())
    await settled(logs)
    again = await followed(logs, run.id, 0)
    assert numbers(again) == numbers(stream) == list(range(1, 14))


def _often(period: int) -> Callable[[], bool]:
    turns = cycle([True] + [False] * (period - 1))
    return lambda: next(turns)


@pytest.mark.anyio
async def test_a_slow_store_is_waited_for_once() -> None:
    """An answer's ending waits a second for it, its tokens not at all."""
    logs, run = logs_over(UnwillingStore(seconds=1.5)), Run(chain="c")
    stream = await answer(logs, run, tokens())
    assert KEPT_IS_FALSE in stream
    await settled(logs)
    assert numbers(await followed(logs, run.id, 0)) == numbers(stream)


@pytest.mark.anyio
async def test_no_more_than_a_limit_waits_for_a_store(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run_log, "MAX_WAITING", 1000)
    logs, run = logs_over(UnwillingStore(fails=lambda: True)), Run(chain="c")
    stream = await answer(logs, run, tokens(100))
    assert numbers(stream) == list(range(1, 102))
    assert KEPT_IS_FALSE in stream
    await settled(logs)
    assert logs.health()["lost_logs"] == 1


@pytest.mark.anyio
async def test_what_comes_at_once_is_kept_however_much_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run_log, "MAX_WAITING", 1000)
    monkeypatch.setattr(run_log, "MAX_APPEND", 300)
    store = UnwillingStore()
    logs, run = logs_over(store), Run(chain="c")
    stream = await answer(logs, run, tokens(100, text="tok" * 100))
    assert KEPT_IS_FALSE not in stream
    await settled(logs)
    assert await followed(logs, run.id, 0) == stream
    assert logs.health()["lost_logs"] == 0


@pytest.mark.anyio
async def test_what_comes_while_the_store_is_at_work_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A piece that is larger than what may wait for a store that takes nothing."""
    monkeypatch.setattr(run_log, "MAX_WAITING", 1000)
    store = UnwillingStore(seconds=0.4)
    logs, run = logs_over(store), Run(chain="c")
    stream = await answer(logs, run, slow_tokens("tok" * 1000))
    await settled(logs)
    again = await followed(logs, run.id, 0)
    assert again == stream.replace(b"," + KEPT_IS_FALSE, b"")


@pytest.mark.anyio
async def test_a_log_that_is_given_up_has_an_end_for_other_processes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """This one lives on, and the run would go on for as long as its log is kept."""
    monkeypatch.setattr(run_log, "MAX_WAITING", 1000)
    store, run = UnwillingStore(), Run(chain="c")
    here, there = logs_over(store), logs_over(store)

    async def cut() -> AsyncGenerator[Event]:
        while await store.read(run.id, 0) is None:
            await anyio.lowlevel.checkpoint()
        store.fails = lambda: True
        yield TextDelta("d", "tok" * 1000)
        assert run.log is not None
        while not run.log.lost:
            with suppress(StoreError):
                await run.log.flush()
        store.fails = lambda: False

    assert KEPT_IS_FALSE in await answer(here, run, cut())
    with anyio.fail_after(5):
        while (await read(there, run.id, "")).status == "running":
            await anyio.lowlevel.checkpoint()
    assert (await read(there, run.id, "")).status == "lost"
    assert b'"code":"run_lost"' in await followed(there, run.id, 0)


@pytest.mark.anyio
async def test_a_store_that_forgets_is_named_as_the_reason(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store, run = UnwillingStore(), Run(chain="c")
    logs = logs_over(store)

    async def forgotten() -> AsyncGenerator[Event]:
        while await store.read(run.id, 0) is None:
            await anyio.lowlevel.checkpoint()
        await store.drop(run.id)  # As a Redis that was started anew.
        yield TextDelta("d", "tok")

    assert KEPT_IS_FALSE in await answer(logs, run, forgotten())
    assert "the store has what was stored of it no more" in caplog.text


@pytest.mark.anyio
async def test_a_full_store_stops_no_answer() -> None:
    logs, run = logs_over(MemoryStore(limit=300)), Run(chain="c")
    stream = await answer(logs, run, tokens(100))
    assert numbers(stream) == list(range(1, 102))
    assert KEPT_IS_FALSE in stream


@pytest.mark.anyio
async def test_a_run_cannot_be_read_while_its_store_is_down() -> None:
    class Unreadable(MemoryStore):
        async def read(self, log: str, at: int, *, wait: float = 0) -> bytes | None:
            raise StoreError("down")

    with pytest.raises(StoreUnavailable):
        await read(logs_over(Unreadable()), Run().id, "")
