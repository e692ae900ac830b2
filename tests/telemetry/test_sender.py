"""What brings records from the journal to a sink that may fail."""

import json
import threading
from asyncio import CancelledError
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from telemetry import sender as module
from telemetry.journal import Journal
from telemetry.records import Record
from telemetry.sender import Sender
from telemetry.sinks import Rejected, Sink, Unavailable
from tests.support.app_process import until
from tests.telemetry.journal_contents import files


@pytest.fixture(autouse=True)
def no_long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(module, "LONGEST_PAUSE_SECONDS", 0.002)


class Taking(Sink):
    """Takes what *check* does not object to, and remembers each attempt."""

    def __init__(self, check: Callable[[Sequence[Record]], None] = lambda _: None):
        self.attempts: list[list[int]] = []
        self.taken: list[int] = []
        self.closed = False
        self._check = check

    def emit(self, records: Sequence[Record]) -> None:
        ids = [int(record["id"]) for record in records]
        self.attempts.append(ids)
        self._check(records)
        self.taken += ids

    def close(self) -> None:
        self.closed = True


class Delivery:
    """A journal, and a sender from there to *sink*."""

    def __init__(self, folder: Path, sink: Sink) -> None:
        self.journal = Journal(folder, ["a"], keep=False)
        self.sender = Sender("a", sink, self.journal)

    def append(self, *ids: int) -> None:
        for each in ids:
            record = {
                "id": f"{each}",
                "type": "completion",
                "schema": 1,
                "content": "?",
            }
            self.journal.append(json.dumps(record).encode())

    def close(self, seconds: float = 5) -> None:
        self.sender.stop(seconds)
        self.sender.join()
        self.journal.close()


def test_it_sends_what_was_there_and_what_comes(tmp_path: Path) -> None:
    sink = Taking()
    delivery = Delivery(tmp_path, sink)
    delivery.append(1, 2)
    delivery.sender.start()
    until(lambda: sink.taken == [1, 2])
    delivery.append(3)
    until(lambda: sink.taken == [1, 2, 3])
    delivery.close()
    assert sink.closed
    assert files(tmp_path) == [".jsonl"]


def test_stopping_sends_what_is_left(tmp_path: Path) -> None:
    sink = Taking()
    delivery = Delivery(tmp_path, sink)
    delivery.sender.start()
    delivery.append(*range(1000))
    delivery.close()
    assert sink.taken == list(range(1000))


def test_a_sink_that_fails_is_given_the_same_again(tmp_path: Path) -> None:
    failures = iter(
        [
            ConnectionError("secret"),
            TimeoutError(),
            Unavailable("busy"),
            CancelledError(),
        ]
    )

    def fail(records: Sequence[Record]) -> None:
        if failure := next(failures, None):
            raise failure

    sink = Taking(fail)
    delivery = Delivery(tmp_path, sink)
    delivery.append(1, 2)
    delivery.sender.start()
    until(lambda: sink.taken == [1, 2])
    assert sink.attempts == [[1, 2]] * 5
    assert delivery.sender.notices.take() == ["CancelledError, 4 in a row"]
    delivery.close()


def test_a_sink_that_cannot_be_opened_is_tried_all_the_same(tmp_path: Path) -> None:
    class Closed(Taking):
        def open(self) -> None:
            raise ConnectionError

    sink = Closed()
    delivery = Delivery(tmp_path, sink)
    delivery.append(1)
    delivery.sender.start()
    until(lambda: sink.taken == [1])
    delivery.close()


@pytest.mark.parametrize("bad", [[0], [31], [63], [5, 40], list(range(64))])
def test_a_bad_record_is_found_and_takes_no_other_along(
    tmp_path: Path, bad: list[int]
) -> None:
    def refuse(records: Sequence[Record]) -> None:
        if any(int(record["id"]) in bad for record in records):
            raise Rejected("not that one")

    sink = Taking(refuse)
    delivery = Delivery(tmp_path, sink)
    delivery.append(*range(64))
    delivery.sender.start()
    delivery.close()
    assert sink.taken == [each for each in range(64) if each not in bad]
    assert delivery.sender.rejected == len(bad)
    dead = dead_letters(tmp_path).splitlines()
    assert [int(json.loads(line)["id"]) for line in dead] == bad


def dead_letters(folder: Path) -> str:
    [path] = folder.glob("dead-letters-*.ndjson")
    return path.read_text()


def test_a_record_that_was_rejected_is_told_beside_a_failure(tmp_path: Path) -> None:
    failures = iter([ConnectionError(), Rejected("too odd")])

    def fail(records: Sequence[Record]) -> None:
        if failure := next(failures, None):
            raise failure

    delivery = Delivery(tmp_path, Taking(fail))
    delivery.append(1)
    delivery.sender.start()
    delivery.close()
    assert delivery.sender.notices.take() == [
        "ConnectionError, 1 in a row",
        "rejected the record 1: too odd; 1 so far",
    ]


def test_content_that_is_not_wanted_any_more_is_left_out(tmp_path: Path) -> None:
    """It was when it was recorded."""
    sent: list[Record] = []
    journal = Journal(tmp_path, ["a"], keep=False)
    delivery = Delivery(tmp_path, Taking())
    delivery.append(1)
    delivery.journal.close()
    sender = Sender("a", Taking(sent.extend), journal, content=False)
    journal.tidy()
    sender.start()
    until(lambda: [record["id"] for record in sent] == ["1"])
    assert sent[0]["content"] is None
    sender.stop(5)
    sender.join()
    journal.close()


def test_a_line_that_is_no_record_is_a_dead_letter(tmp_path: Path) -> None:
    sink = Taking()
    delivery = Delivery(tmp_path, sink)
    delivery.append(1)
    delivery.journal.append(b'{"id": 2')
    delivery.journal.append(b'{"id": 4}')
    delivery.append(3)
    delivery.sender.start()
    delivery.close()
    assert sink.taken == [1, 3]
    assert dead_letters(tmp_path) == '{"id": 2\n{"id": 4}\n'
    [notice] = delivery.sender.notices.take()
    assert notice == "rejected what is no record; 2 so far"


def test_a_sink_that_never_answers_does_not_keep_the_process(tmp_path: Path) -> None:
    hanging, released = threading.Event(), threading.Event()

    def hang(records: Sequence[Record]) -> None:
        hanging.set()
        released.wait(30)

    delivery = Delivery(tmp_path, Taking(hang))
    delivery.append(1)
    delivery.sender.start()
    assert hanging.wait(5)
    delivery.close(0.1)
    following = Taking()
    adopting = Delivery(tmp_path, following)
    adopting.sender.start()
    adopting.close()
    assert following.taken == [1]
    released.set()


def test_one_sink_that_fails_does_not_hold_up_another(tmp_path: Path) -> None:
    def fail(records: Sequence[Record]) -> None:
        raise ConnectionError

    good, journal = Taking(), Journal(tmp_path, ["bad", "good"], keep=False)
    senders = [
        Sender("bad", Taking(fail), journal),
        Sender("good", good, journal),
    ]
    for sender in senders:
        sender.start()
    line = b'{"id": 1, "type": "completion", "schema": 1}'
    journal.append(line)
    until(lambda: good.taken == [1])
    assert journal.backlog("bad") == len(line + b"\n")
    for sender in senders:
        sender.stop(0.1)
        sender.join()
    journal.close()


def test_an_outage_of_any_length_ends(tmp_path: Path) -> None:
    """Each failure in a row doubles the pause, until that is no number any more."""
    failures = iter(range(1100))

    def fail(records: Sequence[Record]) -> None:
        if next(failures, None) is not None:
            raise ConnectionError

    sink = Taking(fail)
    delivery = Delivery(tmp_path, sink)
    delivery.append(1)
    delivery.sender.start()
    until(lambda: sink.taken == [1], 30)
    delivery.close()
