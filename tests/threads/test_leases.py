"""Who is on a thread: two at once, a process that is gone, a store that is down."""

import asyncio

import pytest

from runs.closing import close
from runs.lease import Holder, ThreadLease, revoke
from runs.threads import Threads
from store.memory import MemoryStore
from streaming.errors import Cancelled, NotFound, StoreUnavailable, ThreadBusy
from streaming.events import TextDelta
from tests.threads.kept_store import OWNER, FailingStore, answered, asked, run_of


def over(store: MemoryStore, seconds: float = 30) -> Threads:
    return Threads(store, most=256, retention=600, lease_seconds=seconds)


async def test_of_two_at_once_one_is_busy() -> None:
    threads, runs = over(MemoryStore()), [run_of() for _ in range(8)]
    opened = await asyncio.gather(
        *(threads.open(asked("one"), run, keeps=False) for run in runs),
        return_exceptions=True,
    )
    assert sum(isinstance(each, ThreadBusy) for each in opened) == 7
    for run in runs:
        run.finish()
        await close(run)
    assert await answered(threads, run_of(), "two") == ["one", "two"]


async def test_another_server_sees_it_too() -> None:
    store, run = MemoryStore(), run_of()
    await over(store).open(asked("one"), run, keeps=False)
    with pytest.raises(ThreadBusy):
        await over(store).open(asked("two"), run_of(), keeps=False)
    run.finish()
    await close(run)
    assert await answered(over(store), run_of(), "two") == ["one", "two"]


async def test_a_process_that_is_gone_frees_its_thread() -> None:
    clock = [0.0]
    store = MemoryStore(clock=lambda: clock[0])
    gone = ThreadLease(store, "locks", "t", run_id="a")
    next_one = ThreadLease(store, "locks", "t", run_id="b")
    assert await gone.take()
    clock[0] = 29
    assert not await next_one.take()
    assert await gone.renew()
    clock[0] = 58
    assert not await next_one.take()
    clock[0] = 60
    assert await next_one.take()
    assert not await gone.renew()
    await gone.release()
    assert await next_one.renew()


async def test_what_ran_out_while_the_store_was_down_is_taken_again() -> None:
    clock = [0.0]
    store = MemoryStore(clock=lambda: clock[0])
    lease = ThreadLease(store, "locks", "t", run_id="a")
    assert await lease.take()
    clock[0] = 40
    assert await lease.renew()
    assert not await ThreadLease(store, "locks", "t", run_id="b").take()


async def test_a_deletion_takes_it_away_and_leaves_it_free() -> None:
    store = MemoryStore()
    lease = ThreadLease(store, "locks", "t", run_id="a")
    assert await revoke(store, "locks", "t") is None
    assert await lease.take()
    assert await revoke(store, "locks", "t") == Holder("a", "")
    assert await revoke(store, "locks", "t") is None
    assert not await lease.renew()
    assert await ThreadLease(store, "locks", "t", run_id="b").take()


async def test_a_run_whose_thread_another_server_deletes_ends() -> None:
    store, run = MemoryStore(), run_of()
    await over(store, 0.3).open(asked("one"), run, keeps=False)
    stopped = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(20)
        finally:
            stopped.set()

    run.start(work())
    await over(store).delete(OWNER, "t")
    async with asyncio.timeout(10):
        await stopped.wait()
    assert isinstance(run.stopped_by, Cancelled)
    await run.stop(1)
    run.finish(cancelled=True)
    await close(run)
    with pytest.raises(NotFound):
        await over(store).get(OWNER, "t")


async def test_a_store_that_is_down_is_503_before_anything_starts() -> None:
    for down in ("locks", "threads"):
        store, run = FailingStore(), run_of()
        store.fails = [down]
        with pytest.raises(StoreUnavailable):
            await over(store).open(asked("one"), run, keeps=False)
        run.finish(StoreUnavailable())
        await close(run)
        store.fails = ()
        assert await answered(over(store), run_of(), "two") == ["two"]


async def test_what_cannot_be_saved_is_said_and_the_thread_is_free() -> None:
    store, run = FailingStore(), run_of()
    threads = over(store)
    await threads.open(asked("one"), run, keeps=False)
    run.see(TextDelta("m", "1"))
    run.finish()
    store.fails = ["threads"]
    await close(run)
    assert not run.kept
    store.fails = ()
    assert await answered(threads, run_of(), "two") == ["two"]


async def test_a_caller_who_leaves_as_a_run_begins_leaves_the_thread_free() -> None:
    threads, run = over(MemoryStore()), run_of()
    opening = asyncio.create_task(threads.open(asked("one"), run, keeps=False))
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    run.finish(cancelled=True)
    await close(run)
    assert await answered(threads, run_of(), "two") == ["two"]
