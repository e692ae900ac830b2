"""A disk that is slow or does not answer: who waits for it, and for how long."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path

import anyio
import httpx
import pytest
from starlette.responses import Response

from runs import Run, recording
from runs.recording import Recording, recorded
from streaming.events import Event, TextDelta
from telemetry import Telemetry, appender
from telemetry.appender import Appender
from telemetry.journal import Journal
from telemetry.journal.segments import Segment
from tests.support.app_process import until
from tests.support.proxied_calls import WHOLE
from tests.support.proxy_server import ProxyServer, azure
from tests.support.quiet import quiet
from tests.support.recorded_runs import RecordedRuns
from tests.support.replayed_upstream import Replay
from tests.support.served_response import answer, served
from tests.telemetry.journal_contents import take


class Disk:
    """Takes nothing until `free` is set."""

    def __init__(self) -> None:
        self.free, self.busy = threading.Event(), threading.Event()
        self.writes: list[bytes] = []


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    disk, append = Disk(), Segment.append

    def wait(self: Segment, lines: bytes) -> None:
        disk.writes.append(lines)
        disk.busy.set()
        assert disk.free.wait(30)
        append(self, lines)

    monkeypatch.setattr(Segment, "append", wait)
    yield disk
    disk.free.set()


@pytest.fixture
def journal(folder: Path, disk: Disk) -> Iterator[Journal]:
    journal = Journal(folder, ["a"], keep=False)
    yield journal
    disk.free.set()
    journal.close()


async def one() -> AsyncGenerator[Event]:
    yield TextDelta("d", "Hi")


async def test_only_the_end_of_the_answer_that_is_recorded_waits(
    disk: Disk, journal: Journal
) -> None:
    telemetry = Telemetry(journal, {}, content=False)
    with anyio.fail_after(20):
        async with (
            served(lambda: answer(one, telemetry)) as url,
            httpx.AsyncClient() as client,
            client.stream("GET", url) as first,
            client.stream("GET", url) as second,
        ):
            for response in (first, second):
                lines = response.aiter_lines()
                while '"Hi"' not in await anext(lines):
                    pass
            assert await anyio.to_thread.run_sync(disk.busy.wait, 10)
            assert journal.backlog("a") == 0
            disk.free.set()
    assert len(take(journal)) == 2
    telemetry.close()


class Slow(RecordedRuns):
    """Has recorded a run once the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.recording = asyncio.get_running_loop().create_future()

    def emit(self, run: Run) -> Recording:
        self.append(run)
        return self.recording


class SlowTelemetry(Telemetry):
    def __init__(self) -> None:
        self.runs = Slow()

    def emit(self, run: Run) -> Recording:
        return self.runs.emit(run)


async def read(url: str, ended: asyncio.Event, into: list[str]) -> None:
    async with httpx.AsyncClient() as client, client.stream("POST", url) as response:
        into.extend([line async for line in response.aiter_lines() if line])
    ended.set()


@pytest.mark.parametrize("kind", ["events", "bytes"])
async def test_an_answers_end_is_sent_once_its_record_is_on_disk(kind: str) -> None:
    telemetry, ended, lines = SlowTelemetry(), asyncio.Event(), list[str]()
    body = b'{"messages":[{"role":"user","content":"?"}],"stream":true}'
    async with Replay([WHOLE]).served() as upstream:
        proxied = ProxyServer(azure(upstream), runs=telemetry.runs)
        makes: dict[str, Callable[[], Response]] = {
            "events": lambda: answer(one, telemetry),
            "bytes": lambda: proxied.respond(body),
        }
        with anyio.fail_after(20):
            async with served(makes[kind]) as url, anyio.create_task_group() as group:
                group.start_soon(read, url, ended, lines)
                await telemetry.runs.reach(1)
                await quiet(ended, 0.2)
                assert lines == []
                telemetry.runs.recording.set_result(None)
                await ended.wait()
        await proxied.proxy.aclose()
    assert [run.status for run in telemetry.runs] == ["ok"]
    last = {"events": '"finish_reason":"stop"', "bytes": "[DONE]"}[kind]
    assert last in lines[-1]


async def test_a_disk_that_does_not_answer_is_not_waited_for_any_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recording, "DISK_SECONDS", 0.1)
    with anyio.fail_after(20):
        async with (
            served(lambda: answer(one, SlowTelemetry())) as url,
            httpx.AsyncClient() as client,
        ):
            assert '"finish_reason":"stop"' in (await client.get(url)).text


async def busy(disk: Disk) -> None:
    assert await asyncio.to_thread(disk.busy.wait, 10)


async def test_what_comes_during_a_write_goes_with_the_next(
    disk: Disk, journal: Journal
) -> None:
    appending = Appender(journal)
    first = appending.put(b"1")
    await busy(disk)
    others = [appending.put(b"%d" % number) for number in range(2, 9)]
    assert first
    assert not first.done()
    disk.free.set()
    with anyio.fail_after(10):
        for each in (first, *others):
            await recorded(each)
    assert disk.writes == [b"1\n", b"2\n3\n4\n5\n6\n7\n8\n"]
    appending.stop(10)


async def test_what_waits_too_long_is_shown_and_what_is_too_much_is_lost(
    disk: Disk, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appender, "MAX_WAITING_BYTES", 3)
    monkeypatch.setattr(appender, "SLOW_SECONDS", 0.05)
    appending = Appender(journal)
    appending.put(b"1")
    await busy(disk)
    appending.put(b"22")
    assert appending.put(b"3") is None
    assert journal.lost == 1
    await asyncio.to_thread(until, lambda: appending.waiting == 2)
    disk.free.set()
    appending.stop(10)
    assert (appending.waiting, take(journal)) == (0, [b"1", b"22"])


async def test_what_comes_at_the_end_or_later_is_written_all_the_same(
    disk: Disk, journal: Journal
) -> None:
    disk.free.set()
    appending = Appender(journal)
    appending.put(b"1")
    appending.stop(10)
    assert appending.put(b"2") is None
    assert take(journal) == [b"1", b"2"]


async def test_a_record_may_be_written_for_an_event_loop_that_is_gone(
    disk: Disk, journal: Journal
) -> None:
    appending = Appender(journal)

    async def put() -> None:
        appending.put(b"1")

    await asyncio.to_thread(asyncio.run, put())
    disk.free.set()
    written = appending.put(b"2")
    with anyio.fail_after(10):
        await recorded(written)
    appending.stop(10)
    assert take(journal) == [b"1", b"2"]
