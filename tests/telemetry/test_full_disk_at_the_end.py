"""A process that ends while the disk is full, or does not answer."""

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from runs import Run
from runs.recording import recorded
from telemetry import Telemetry
from telemetry.journal import Journal
from telemetry.journal.segments import Segment
from telemetry.records import Record
from telemetry.sinks import Sink, Unavailable
from tests.telemetry.journal_contents import files


class Taking(Sink):
    """Keeps the ids of what it has taken, which is nothing while it is *down*."""

    def __init__(self, *, down: bool = False) -> None:
        self.ids, self.down = list[str](), down

    def emit(self, records: Sequence[Record]) -> None:
        if self.down:
            raise Unavailable("down")
        self.ids += [record["id"] for record in records]


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Segment, lines: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Segment, "append", refuse)


async def record(telemetry: Telemetry, count: int) -> list[str]:
    """Record *count* runs; their ids."""
    runs = [Run(chain="test", dialect="json") for _ in range(count)]
    for run in runs:
        run.finish()
        await recorded(telemetry.emit(run))
    return [run.id for run in runs]


@pytest.mark.usefixtures("full_disk")
async def test_what_has_no_room_is_handed_to_the_sinks_at_the_end(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sinks = {"a": Taking(), "b": Taking()}
    journal = Journal(folder, list(sinks), keep=False)
    telemetry = Telemetry(journal, sinks, content=False)
    ids = await record(telemetry, 30)
    assert telemetry.health()["journal"] == {"lost": 0, "waiting": 30}
    telemetry.close()
    assert [sink.ids for sink in sinks.values()] == [ids, ids]
    assert (journal.lost, files(folder)) == (0, [])
    assert "lost" not in caplog.text


@pytest.mark.usefixtures("full_disk")
@pytest.mark.parametrize("sinks", [{}, {"a": Taking(down=True), "b": Taking()}])
async def test_what_no_sink_takes_either_is_counted_and_logged(
    folder: Path, caplog: pytest.LogCaptureFixture, sinks: dict[str, Sink]
) -> None:
    journal = Journal(folder, list(sinks), keep=not sinks)
    telemetry = Telemetry(journal, sinks, content=False)
    await record(telemetry, 30)
    telemetry.close(seconds=1)
    assert journal.lost == 30
    assert "30 records are lost: the disk did not take them" in caplog.text


async def test_a_disk_that_does_not_answer_keeps_no_process_from_ending(
    folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = threading.Event()
    monkeypatch.setattr(Segment, "append", lambda *_: free.wait(30))
    telemetry = Telemetry(Journal(folder, [], keep=True), {}, content=False)
    for _ in range(3):
        telemetry.emit(Run(chain="test", dialect="json"))
    telemetry.close(seconds=0.2)
    assert "3 records are lost: the disk did not take them" in caplog.text
    free.set()
