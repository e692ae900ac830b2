"""Room: a record that finds none waits in memory, or is refused and counted."""

import os
import threading
from pathlib import Path

import pytest

from telemetry import journal as module
from telemetry.journal import Journal
from telemetry.journal.segments import Segment
from tests.telemetry.journal_contents import files, take


def test_a_full_journal_refuses_counts_and_says_so_once(folder: Path) -> None:
    journal = Journal(folder, ["a"], keep=False, max_bytes=20)
    for line in [b"0123456789"] * 4:
        journal.append(line)
    assert journal.lost == 3
    assert take(journal) == [b"0123456789"]
    assert journal.notices.take() == ["records are lost: the journal is full; 3 so far"]
    assert journal.notices.take() == []
    journal.close()


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether the disk is full: it is."""
    full, append = [True], Segment.append

    def refuse(self: Segment, line: bytes) -> None:
        if not full[0]:
            return append(self, line)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Segment, "append", refuse)
    return full


def test_while_the_disk_is_full_records_wait_in_memory(
    folder: Path, full_disk: list[bool]
) -> None:
    journal = Journal(folder, ["a"], keep=False)
    journal.append(b"1")
    journal.append(b"2")
    assert (journal.waiting, journal.lost, take(journal)) == (2, 0, [])
    assert journal.notices.take() == ["cannot write: No space left on device"]
    full_disk[0] = False
    woken = threading.Event()
    journal.wake(woken)
    journal.tidy()
    assert woken.is_set()
    assert journal.waiting == 0
    journal.append(b"3")
    assert take(journal) == [b"1", b"2", b"3"]
    journal.close()


def test_what_memory_has_no_room_for_is_refused_and_what_waits_is_not(
    folder: Path, full_disk: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING_BYTES", len(b"0\n1\n2\n"))
    journal = Journal(folder, ["a"], keep=False)
    for number in range(5):
        journal.append(b"%d" % number)
    assert (journal.waiting, journal.lost) == (3, 2)
    assert "records are lost: too many wait for the disk; 2 so far" in (
        journal.notices.take()
    )
    full_disk[0] = False
    journal.tidy()
    assert take(journal) == [b"0", b"1", b"2"]
    journal.close()


def test_what_waits_is_not_lost_where_others_fill_the_journal_meanwhile(
    folder: Path, full_disk: list[bool]
) -> None:
    journal = Journal(folder, ["a"], keep=False, max_bytes=30)
    journal.append(b"1")
    journal.append(b"2")
    full_disk[0] = False
    other = Journal(folder, ["a"], keep=False)
    other.append(b"x" * 28)
    full_disk[0] = True
    journal.tidy()
    full_disk[0] = False
    journal.append(b"3")
    assert (journal.waiting, journal.lost) == (2, 1)
    assert len(take(other)) == 1
    other.close()
    journal.tidy()
    journal.tidy()
    assert take(journal) == [b"1", b"2"]
    journal.close()


def test_a_disk_that_is_full_from_the_start_is_no_reason_to_fail(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    journal = Journal(folder, ["a"], keep=False)
    monkeypatch.setattr(Segment, "advance", full)
    journal.append(b"1")
    assert (journal.waiting, files(folder)) == (1, [])
    monkeypatch.undo()
    journal.append(b"2")
    assert take(journal) == [b"1", b"2"]
    journal.close()


def test_half_a_write_is_taken_back(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(folder, ["a"], keep=False)
    journal.append(b"1")
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:3]))
    journal.append(b"23456789")
    monkeypatch.undo()
    assert journal.waiting == 1
    journal.tidy()
    assert take(journal) == [b"1", b"23456789"]
    journal.close()
