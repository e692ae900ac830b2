"""A run, told to every sink that is called at once."""

from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

from runs import Run
from runs.ending import ending
from streaming.events import Event, TextDelta
from telemetry import Telemetry
from telemetry.journal import Journal
from telemetry.records import Record
from telemetry.sinks import Sink


async def test_a_sink_that_fails_stops_neither_the_stream_nor_the_other_sinks(
    tmp_path: Path,
) -> None:
    class Failing(Sink):
        queued = False

        def emit(self, records: object) -> None:
            raise OSError("no space")

    class Keeping(Sink):
        queued = False

        def emit(self, records: Sequence[Record]) -> None:
            kept.extend(records)

    async def source() -> AsyncGenerator[Event]:
        yield TextDelta("d", "a")

    kept, run = list[Record](), Run(chain="test", dialect="json")
    journal = Journal(tmp_path, [], keep=True)
    to = {"failing": Failing(), "keeping": Keeping()}
    events = [type(event).__name__ async for event in ending(source(), run)]
    Telemetry(journal, to, content=False).emit(run)
    assert events == ["TextDelta", "Usage", "Done"]
    assert [record["id"] for record in kept] == [run.id]
    journal.close()
