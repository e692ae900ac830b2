"""Exceptions of a sink that say neither that a record is bad nor that it is down."""

import json
import random
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry import sender as module
from telemetry.journal import BATCH_RECORDS, Journal
from telemetry.records import Record
from telemetry.sender import Sender
from telemetry.sinks import Rejected, Sink
from tests.support.app_process import until

FAILURES = [KeyError, OverflowError, RecursionError, UnicodeError, Rejected]


@pytest.fixture(autouse=True, scope="module")
def no_long_pauses() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "FIRST_PAUSE_SECONDS", 0.001)
        patched.setattr(module, "LONGEST_PAUSE_SECONDS", 0.002)
        yield


class Stumbling(Sink):
    """Takes what *check* raises nothing over."""

    def __init__(self, check: Callable[[Record], None]) -> None:
        self.taken: list[int] = []
        self._check = check

    def emit(self, records: Sequence[Record]) -> None:
        for record in records:
            self._check(record)
        self.taken += [int(record["id"]) for record in records]


def over(bad: dict[int, type[Exception]]) -> Stumbling:
    """A sink that *bad* records make raise."""

    def check(record: Record) -> None:
        if (failure := bad.get(int(record["id"]))) is not None:
            raise failure("secret")

    return Stumbling(check)


@contextmanager
def delivery(
    folder: Path, sink: Sink, ids: Iterable[int], *, seconds: float = 5
) -> Iterator[Sender]:
    """What sends the records with those *ids* to *sink*, at the end for *seconds*."""
    journal = Journal(folder, ["a"], keep=False)
    for each in ids:
        record = {"id": str(each), "type": "completion", "schema": 1}
        journal.append(json.dumps(record).encode())
    sender = Sender("a", sink, journal)
    sender.start()
    try:
        yield sender
    finally:
        sender.stop(seconds)
        sender.join()
        journal.close()


def dead_letters(folder: Path) -> list[int]:
    lines = [
        line
        for path in folder.glob("dead-letters-*.ndjson")
        for line in path.read_text().splitlines()
    ]
    return [int(json.loads(line)["id"]) for line in lines]


@settings(max_examples=25)
@given(
    bad=st.dictionaries(
        st.integers(0, 99),
        st.sampled_from(FAILURES),
        max_size=8,
    )
)
def test_who_makes_it_stumble_goes_alone_and_the_others_once(
    bad: dict[int, type[Exception]],
) -> None:
    """After the last there are others, to compare it with."""
    with tempfile.TemporaryDirectory() as name:
        sink = over(bad)
        with delivery(Path(name), sink, range(160)) as sender:
            until(lambda: sender.sent + sender.rejected == 160)
        assert sorted(sink.taken) == [each for each in range(160) if each not in bad]
        assert dead_letters(Path(name)) == sorted(bad)


def test_more_in_a_row_than_are_sent_at_once_hold_up_nobody(tmp_path: Path) -> None:
    bad = dict.fromkeys(range(BATCH_RECORDS + 6), KeyError)
    sink = over(dict(bad))
    good = range(len(bad), len(bad) + 400)
    with delivery(tmp_path, sink, [*bad, *good]) as sender:
        until(lambda: sender.sent == len(good))
        until(lambda: sender.rejected > 0, 20)
    assert sorted(sink.taken) == list(good)
    assert set(dead_letters(tmp_path)) <= set(bad)


def test_one_that_another_process_left_holds_up_nobody(tmp_path: Path) -> None:
    sink = over({1: KeyError})
    with delivery(tmp_path, sink, [1], seconds=0.1) as first:
        until(lambda: first.failures > 5)
        assert first.rejected == 0  # There is no other to compare it with.
    with delivery(tmp_path, sink, range(2, 20)) as second:
        until(lambda: second.rejected == 1)
        until(lambda: second.sent == 18)
        [notice] = [text for text in second.notices.take() if "rejected" in text]
    assert notice == "rejected the record 1: KeyError, while others are taken; 1 so far"
    assert sorted(sink.taken) == list(range(2, 20))
    assert dead_letters(tmp_path) == [1]


def test_while_it_takes_nothing_nothing_is_rejected(tmp_path: Path) -> None:
    """An outage may have any name."""
    attempts, down = [0], [True]

    def check(record: Record) -> None:
        attempts[0] += 1
        if down:
            raise RuntimeError

    sink = Stumbling(check)
    with delivery(tmp_path, sink, range(200)) as sender:
        until(lambda: attempts[0] > 60)
        assert sender.rejected == 0
        down.clear()
        until(lambda: sender.sent == 200)
    assert sorted(sink.taken) == list(range(200))
    assert (sender.rejected, dead_letters(tmp_path)) == (0, [])


@pytest.mark.parametrize("failure", [RuntimeError, ConnectionError])
def test_one_that_fails_half_of_the_time_loses_nothing(
    tmp_path: Path, failure: type[Exception]
) -> None:
    chance = random.Random(1)

    class Flapping(Stumbling):
        def emit(self, records: Sequence[Record]) -> None:
            if chance.random() < 0.5:
                raise failure
            super().emit(records)

    sink = Flapping(lambda _: None)
    with delivery(tmp_path, sink, range(300)) as sender:
        until(lambda: sender.sent == 300, 20)
    assert sorted(sink.taken) == list(range(300))
    assert sender.rejected == 0


def test_what_has_gone_does_not_go_again_from_the_next_process(tmp_path: Path) -> None:
    """Also if the first one ends amid what it has read at once."""
    down = [True]

    def check(record: Record) -> None:
        if record["id"] == "50":
            raise Rejected("too odd")
        if int(record["id"]) > 50 and down:
            raise ConnectionError

    sink = Stumbling(check)
    with delivery(tmp_path, sink, range(60), seconds=0.1) as first:
        until(lambda: first.rejected == 1)
    assert sink.taken == list(range(50))
    down.clear()
    with delivery(tmp_path, sink, []) as second:
        until(lambda: second.sent == 9)
    assert sink.taken == [*range(50), *range(51, 60)]


def test_a_line_too_deep_to_be_read_is_a_dead_letter(tmp_path: Path) -> None:
    sink, deep = over({}), 200_000
    journal = Journal(tmp_path, ["a"], keep=False)
    journal.append(b'{"id":1,"x":' + b"[" * deep + b"]" * deep + b"}")
    journal.append(b'{"id":2,"type":"completion","schema":1}')
    sender = Sender("a", sink, journal)
    sender.start()
    until(lambda: sink.taken == [2])
    sender.stop(5)
    sender.join()
    journal.close()
    assert sender.rejected == 1
