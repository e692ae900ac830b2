"""Logs are stored in batches; one that begins does not have the others stored too."""

from collections import Counter
from typing import ClassVar

import anyio
import pytest

from runs import Run, instance, logs, run_log
from runs.logs import Logs
from store.memory import MemoryStore
from streaming.events import TextDelta
from tests.support.logged_answers import attached, followed, logs_over


@pytest.fixture(autouse=True)
def _only_asyncio(anyio_backend: str) -> None:
    pass


class CountingStore(MemoryStore):
    """An engine that is elsewhere, as far as its users know."""

    durable: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__()
        self.appends = Counter[str]()

    async def append(
        self, log: str, lines: bytes, *, at: int, keep: float | None = None
    ) -> None:
        await super().append(log, lines, at=at, keep=keep)
        self.appends[log] += 1


@pytest.mark.anyio
async def test_a_run_that_begins_is_stored_at_once_and_no_other_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logs, "OTHERS_SECONDS", 3600)
    store = CountingStore()
    kept, open_runs = logs_over(store), [Run(chain="c") for _ in range(5)]
    for run in open_runs:
        attached(kept, run)
        with anyio.fail_after(5):
            while not store.appends[run.id]:
                await anyio.lowlevel.checkpoint()
        run.see(TextDelta("d", "tok"))
    assert store.appends == {run.id: 1 for run in open_runs}


@pytest.mark.anyio
async def test_what_is_noted_meanwhile_goes_with_the_next_batch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logs, "OTHERS_SECONDS", 0.01)
    monkeypatch.setattr(run_log, "UNFOLLOWED_SECONDS", 0.01)
    store, run = CountingStore(), Run(chain="c")
    attached(logs_over(store), run)
    for text in ("one", "two", "three"):
        run.see(TextDelta("d", text))
    with anyio.fail_after(5):
        await _until_stored(store, run, b"three")
    assert store.appends[run.id] <= 2


@pytest.mark.anyio
@pytest.mark.parametrize("elsewhere", [False, True])
async def test_a_run_is_stored_as_it_comes_once_somebody_follows_it(
    monkeypatch: pytest.MonkeyPatch, *, elsewhere: bool
) -> None:
    monkeypatch.setattr(logs, "OTHERS_SECONDS", 0.01)
    monkeypatch.setattr(run_log, "UNFOLLOWED_SECONDS", 3600)
    monkeypatch.setattr(instance, "ASKED_SECONDS", 0)
    store, run = CountingStore(), Run(chain="c")
    kept = logs_over(store)
    attached(kept, run)
    with anyio.fail_after(5):
        await _until_stored(store, run, b"chain")
        run.see(TextDelta("d", "one"))
        await _until_a_batch(store, kept)
        assert b"one" not in (await store.read(run.id, 0) or b"")
        async with anyio.create_task_group() as following:
            follower = logs_over(store) if elsewhere else kept
            following.start_soon(followed, follower, run.id, 0)
            await _until_stored(store, run, b"one")
            run.see(TextDelta("d", "two"))
            await _until_stored(store, run, b"two")
            following.cancel_scope.cancel()


async def _until_stored(store: CountingStore, run: Run, what: bytes) -> None:
    while what not in (await store.read(run.id, 0) or b""):
        await anyio.lowlevel.checkpoint()


async def _until_a_batch(store: CountingStore, kept: Logs) -> None:
    """Have something stored that is followed, after all that was noted before."""
    other = Run(chain="c")
    attached(kept, other)
    await _until_stored(store, other, b"chain")
    other.see(TextDelta("d", "followed"))
    assert other.log is not None
    await kept.note_follower(other.log.header)
    await _until_stored(store, other, b"followed")


@pytest.mark.anyio
async def test_no_more_than_some_text_waits_for_a_batch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logs, "OTHERS_SECONDS", 0.01)
    monkeypatch.setattr(run_log, "UNFOLLOWED_SECONDS", 3600)
    store, run = CountingStore(), Run(chain="c")
    attached(logs_over(store), run)
    for number in range(9):
        run.see(TextDelta("d", f"{number}" * (run_log.MOST_LINES // 8)))
    with anyio.fail_after(5):
        await _until_stored(store, run, b"8")
