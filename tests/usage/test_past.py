"""The journal's folder at start: read in a thread, each run counted once."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event
from time import time
from typing import Any

import pytest

from runs import Run
from telemetry import Telemetry
from telemetry.journal import Journal
from telemetry.usage import Ledger, Whose, past
from telemetry.usage.past import batches
from telemetry.usage.week import Found
from tests.usage.written_records import NOW, lines, written

pytestmark = pytest.mark.anyio

ALL = Whose(None, everyones=True)


def segment(folder: Path, number: int, content: bytes) -> Path:
    path = folder / f"{number:020d}-1.jsonl"
    path.write_bytes(content)
    return path


async def counted(ledger: Ledger, since: float = 0) -> Found:
    return await ledger.report(since, "chain", whose=ALL)


async def started(folder: Path) -> Ledger:
    ledger = Ledger(folder, lambda: NOW)
    ledger.start().join(10)
    assert not ledger.reads
    return ledger


async def test_what_other_processes_left_is_counted(tmp_path: Path) -> None:
    segment(tmp_path, 1, lines(written(), written()))
    segment(tmp_path, 2, lines(written(chain="docs")))
    found = await counted(await started(tmp_path))
    assert [(name, tally.runs) for name, tally in found.groups] == [
        ("chat", 2),
        ("docs", 1),
    ]


@pytest.mark.parametrize(
    "odd",
    [
        b"",
        b"\n\n",
        b"no JSON\n",
        b"[]\n" * 3,
        b'{"id":"x"}\n',
        b"[" * 100_000 + b"\n",
        b"\x00" * 5000,
        b"x" * (9 * 2**20) + b"\n",
        lines({"schema": 0, "type": "old", "id": "old", "timestamp": "yesterday"}),
        lines({**written(), "usage": "much", "error": [], "cost": {"amount": "1"}})[
            :-30
        ],
    ],
)
async def test_what_is_no_record_harms_no_other(tmp_path: Path, odd: bytes) -> None:
    segment(tmp_path, 1, lines(written()) + odd)
    segment(tmp_path, 2, odd)
    whole = b"" if odd and not odd.endswith(b"\n") else lines(written())
    segment(tmp_path, 3, odd + whole)
    found = await counted(await started(tmp_path))
    assert found.totals.runs == 1 + bool(whole)


async def test_records_of_an_older_version_count_for_what_they_say(
    tmp_path: Path,
) -> None:
    old = written()
    for field in ("cost", "principal", "time_to_first_chunk_ms", "status"):
        del old[field]
    segment(tmp_path, 1, lines(old))
    totals = (await counted(await started(tmp_path))).totals
    assert (totals.runs, totals.output_tokens, totals.cost) == (1, 30, {})


async def test_a_record_that_was_moved_twice_is_counted_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = Event()

    def once_added(folder: Path) -> Iterator[list[bytes]]:
        added.wait(10)
        yield from batches(folder)

    monkeypatch.setattr(past, "batches", once_added)
    twice, own = written(), written(chain="own")
    segment(tmp_path, 1, lines(twice))
    segment(tmp_path, 2, lines(twice, own))
    ledger = Ledger(tmp_path, lambda: NOW)
    reading = ledger.start()
    ledger.add(own)
    added.set()
    reading.join(10)
    assert (await counted(ledger)).totals.runs == 2


async def test_a_run_is_counted_once_though_it_is_in_the_journal_too(
    tmp_path: Path,
) -> None:
    journal = Journal(tmp_path, [], keep=True)
    telemetry = Telemetry(journal, {}, content=False)
    reading = telemetry.ledger.start()
    for _ in range(100):
        run = Run(chain="mine", dialect="json")
        run.finish()
        if (recorded := telemetry.emit(run)) is not None:
            await recorded
    reading.join(10)
    assert (await counted(telemetry.ledger, time())).totals.runs == 100
    telemetry.close(1)


async def test_one_run_is_found_without_its_content(tmp_path: Path) -> None:
    own, others = written(principal="a"), written(principal="b")
    filler = [written(content="x" * 3000) for _ in range(300)]
    quoting: dict[str, Any] = {"metadata": {"id": own["id"]}}
    segment(tmp_path, 1, lines(*filler[:150], own, *filler[150:]))
    segment(tmp_path, 2, lines(*filler, others, written(**quoting)))
    ledger = Ledger(tmp_path, lambda: NOW)
    expected = own | {"prompt": None, "content": None}
    assert await ledger.run(own["id"], whose=Whose("a")) == expected
    assert await ledger.run(own["id"], whose=ALL) == expected
    assert await ledger.run(own["id"], whose=Whose("b")) is None
    assert await ledger.run(own["id"], whose=Whose(None)) is None
    assert await ledger.run(others["id"], whose=Whose("b")) is not None
    assert await ledger.run(written()["id"], whose=ALL) is None
