"""What is gone once a thread is deleted."""

import asyncio
from typing import ClassVar

import anyio.lowlevel
import pytest

from runs.closing import close
from runs.last_events import last_events
from runs.logs import Logs
from runs.thread_places import checkpoints, graph_thread, key_of
from runs.threads import Threads
from store import ANY
from store.memory import MemoryStore
from streaming.errors import InternalError, NotFound
from streaming.events import TextDelta
from tests.support.logged_answers import attached, logs_over
from tests.threads.kept_store import OWNER, answered, asked, run_of


def over(store: MemoryStore, logs: Logs | None = None) -> Threads:
    instance = logs.instance if logs else None
    return Threads(store, most=256, retention=600, instance=instance)


async def test_a_deletion_drops_the_logs_of_the_threads_runs() -> None:
    store, runs = MemoryStore(), [run_of(), run_of()]
    for run in runs:
        await store.append(run.id, b"line\n", at=0)
        await answered(over(store), run, "one")
    await store.append("another", b"line\n", at=0)
    await over(store).delete(OWNER, "t")
    assert [await store.read(run.id, 0) for run in runs] == [None, None]
    assert await store.read("another", 0) == b"line\n"


async def test_a_deletion_drops_the_log_of_a_run_that_failed() -> None:
    store, run = MemoryStore(), run_of()
    await answered(over(store), run_of(), "one")
    await store.append(run.id, b"line\n", at=0)
    await over(store).open(asked("two"), run, keeps=False)
    run.finish(InternalError())
    await close(run)
    await over(store).delete(OWNER, "t")
    assert await store.read(run.id, 0) is None


@pytest.mark.parametrize("number", range(3))
async def test_a_deletion_deletes_the_state_of_a_graph_that_is_there_no_more(
    number: int,
) -> None:
    store = MemoryStore()
    await answered(over(store), run_of("gone"), "one")
    place = checkpoints(graph_thread(key_of(OWNER, "t"), number))
    await store.put(place, "step", b"content")
    await store.put("checkpoints-another", "step", b"content")
    await over(store).delete(OWNER, "t")
    assert await store.list(place) == []
    assert len(await store.list("checkpoints-another")) == 1


async def test_what_a_run_has_left_that_failed_on_a_new_thread_is_deleted() -> None:
    store = MemoryStore()
    place = checkpoints(graph_thread(key_of(OWNER, "t"), 0))
    await store.put(place, "step", b"content")
    with pytest.raises(NotFound):
        await over(store).delete(OWNER, "another")
    await over(store).delete(OWNER, "t")
    assert await store.list(place) == []
    with pytest.raises(NotFound):
        await over(store).delete(OWNER, "t")


async def test_what_a_graph_keeps_elsewhere_is_deleted_before_the_thread() -> None:
    kept, forgotten = over(MemoryStore()), []

    async def forget(chain: str, key: str) -> None:
        forgotten.append((chain, key))
        if len(forgotten) == 1:
            raise ConnectionError

    await answered(kept, run_of("graph"), "one")
    with pytest.raises(ConnectionError):
        await kept.delete(OWNER, "t", forget)
    await kept.delete(OWNER, "t", forget)
    assert forgotten == [("graph", key_of(OWNER, "t"))] * 2
    with pytest.raises(NotFound):
        await kept.get(OWNER, "t")


async def test_what_a_graph_keeps_of_a_first_run_that_failed_is_deleted() -> None:
    kept, run, forgotten = over(MemoryStore()), run_of("graph"), []

    async def forget(chain: str, key: str) -> None:
        forgotten.append((chain, key))

    await kept.open(asked("one"), run, keeps=True)
    run.finish(InternalError())
    await close(run)
    await kept.delete(OWNER, "t", forget)
    assert forgotten == [("graph", key_of(OWNER, "t"))]


@pytest.mark.parametrize("stored", [True, False])
async def test_a_run_whose_thread_is_deleted_leaves_no_log_and_no_error(
    stored: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """The log's end is stored after the run is off the thread."""
    store, run = MemoryStore(), run_of()
    kept, logs = over(store), logs_over(store)
    attached(logs, run)
    await kept.open(asked("one"), run, keeps=False)
    run.see(TextDelta("m", "half"))
    assert run.log is not None
    if stored:
        await run.log.flush()
    async with asyncio.timeout(5):
        deleting = asyncio.create_task(kept.delete(OWNER, "t"))
        while run.stopped_by is None:
            await anyio.lowlevel.checkpoint()
        run.finish(run.stopped_by)
        await close(run)
        await deleting
        await run.log.end(last_events(run))
        while logs.health()["open_logs"]:
            await anyio.lowlevel.checkpoint()
    assert logs.health()["lost_logs"] == 0
    assert await store.read(run.id, 0) is None
    assert caplog.messages == []


async def test_a_run_that_ends_on_a_thread_that_another_server_deletes_has_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store, run = MemoryStore(), run_of()
    await over(store).open(asked("one"), run, keeps=False)
    await over(store).delete(OWNER, "t")
    run.finish()
    await close(run)
    assert caplog.messages == []
    with pytest.raises(NotFound):
        await over(store).get(OWNER, "t")


class Shared(MemoryStore):
    """As one that other processes see too."""

    durable: ClassVar[bool] = True


async def test_a_run_of_another_server_keeps_nothing_after_a_deletion(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What its graph would write would be there for whoever takes the id anew."""
    store, run = Shared(), run_of()
    here, there = logs_over(store), logs_over(store)
    graph = checkpoints(graph_thread(key_of(OWNER, "t"), 0))
    attached(here, run)
    await over(store, here).open(asked("one"), run, keeps=True)

    async def work() -> None:
        try:
            while True:
                await store.put(graph, "step", b"content", version=ANY)
                await anyio.lowlevel.checkpoint()
        except asyncio.CancelledError:
            run.finish(run.stopped_by)
        await close(run)
        assert run.log is not None
        await run.log.end(last_events(run))

    async with asyncio.timeout(10):
        while not await store.list("instances"):  # It has said that it lives.
            await anyio.lowlevel.checkpoint()
        run.start(work())
        await over(store, there).delete(OWNER, "t")
        await run.wait()
        while here.health()["open_logs"]:
            await anyio.lowlevel.checkpoint()
    assert await store.list(graph) == []
    assert await store.read(run.id, 0) is None
    assert await store.list(f"locks-{OWNER}") == []
    assert caplog.messages == []


@pytest.mark.parametrize("error", [None, InternalError()])
async def test_what_a_graph_writes_after_a_deletion_goes_with_its_run(
    error: InternalError | None,
) -> None:
    """Its process may not have heard of it: the run has no log, or does not stop."""
    store, run = MemoryStore(), run_of()
    graph = checkpoints(graph_thread(key_of(OWNER, "t"), 0))
    attached(logs_over(store), run)
    await over(store).open(asked("one"), run, keeps=True)
    await over(store).delete(OWNER, "t")
    await store.put(graph, "step", b"content")
    run.finish(error)
    await close(run)
    assert await store.list(graph) == []
    assert await store.list(f"failed-{key_of(OWNER, 't')}") == []
    assert run.log is not None
    assert run.log.written
    assert await store.list(f"locks-{OWNER}") == []


async def test_what_another_run_has_written_since_stays() -> None:
    store, run, next_run = MemoryStore(), run_of(), run_of()
    graph = checkpoints(graph_thread(key_of(OWNER, "t"), 0))
    await over(store).open(asked("one"), run, keeps=True)
    await over(store).delete(OWNER, "t")
    await over(store).open(asked("two"), next_run, keeps=True)
    await store.put(graph, "step", b"content")
    run.finish()
    await close(run)
    assert len(await store.list(graph)) == 1
    next_run.finish()
    await close(next_run)
    assert (await over(store).get(OWNER, "t")).runs.keys() == {next_run.id}
