"""Retention: for how long the journal keeps what, and what it leaves alone."""

import errno
import os
from pathlib import Path
from time import time

import pytest

from telemetry import journal as module
from telemetry.journal import Journal, dead_letters, segments
from tests.telemetry.journal_contents import files, take

WEEK_AND_A_BIT = 8 * 86_400


def age(path: Path) -> None:
    then = path.stat().st_mtime - WEEK_AND_A_BIT
    os.utime(path, (then, then))


def test_kept_records_stay_for_a_week(folder: Path) -> None:
    for line in (b"1", b"2"):
        journal = Journal(folder, [], keep=True)
        journal.append(line)
        journal.close()
    oldest, latest = sorted(folder.glob("*.jsonl"))
    age(oldest)
    journal = Journal(folder, [], keep=True)
    journal.tidy()
    assert not oldest.exists()
    assert latest.read_bytes() == b"2\n"
    journal.close()


def test_of_kept_records_the_oldest_make_room(folder: Path) -> None:
    for _ in range(4):
        journal = Journal(folder, [], keep=True)
        journal.append(b"x" * 99)
        journal.close()
    journal = Journal(folder, [], keep=True, max_bytes=400)
    oldest = sorted(folder.glob("*.jsonl"))
    journal.tidy()
    left = sorted(folder.glob("*.jsonl"))
    assert left == oldest[1:]
    journal.close()


def test_what_is_undelivered_for_a_week_is_tried_once_more_then_counted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(folder, ["a"], keep=False)
    for line in (b"1", b"2", b"3"):
        journal.append(line)
    journal.close()
    [path] = folder.glob("*.jsonl")
    age(path)
    following = Journal(folder, ["a"], keep=False)
    following.tidy()
    assert following.backlog("a") == 6
    monkeypatch.setattr(module, "PATIENCE_SECONDS", -1)
    following.tidy()
    assert (following.lost, following.backlog("a")) == (3, 0)
    assert following.notices.take() == [
        "records are lost: not delivered for a week; 3 so far"
    ]
    following.close()
    assert files(folder) == []


class Clock:
    """What the journal takes for the time, and for the time that has passed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.set_by = time(), 0.0
        for each in (module, segments):
            monkeypatch.setattr(each, "time", lambda: self.now + self.set_by)
            monkeypatch.setattr(each, "monotonic", lambda: self.now)

    def append(self, journal: Journal, line: bytes) -> None:
        """Have *line* written now."""
        journal.append(line)
        newest = max(journal.folder.glob("*.jsonl"))
        os.utime(newest, (self.now, self.now))


@pytest.mark.parametrize("keep", [False, True])
def test_what_comes_slowly_is_too_old_after_a_week_all_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch, keep: bool
) -> None:
    """Also a segment ends that never gets full, while nobody takes what is in it."""
    clock = Clock(monkeypatch)
    journal = Journal(folder, ["a"], keep=keep)
    for day in range(30):
        clock.append(journal, b"%d" % day)
        clock.now += 43_200
        journal.tidy()
        clock.now += 43_200
    assert take(journal) == [b"%d" % day for day in range(23, 30)]
    assert journal.lost == 23
    journal.close()


@pytest.mark.parametrize("set_by", [WEEK_AND_A_BIT, -WEEK_AND_A_BIT])
def test_a_clock_that_is_set_loses_nothing_that_is_undelivered(
    folder: Path, monkeypatch: pytest.MonkeyPatch, set_by: int
) -> None:
    clock = Clock(monkeypatch)
    left = Journal(folder, ["a"], keep=False)
    left.append(b"1")
    left.close()
    journal = Journal(folder, ["a"], keep=False)
    journal.append(b"2")
    clock.now += 7 * 3600
    journal.tidy()
    clock.set_by = set_by
    for _ in range(3):
        clock.now += 60
        journal.tidy()
    journal.append(b"3")
    journal.tidy()
    assert (journal.lost, take(journal)) == (0, [b"1", b"2", b"3"])
    journal.close()


def test_what_was_undelivered_when_the_clock_was_set_expires_after_a_week(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    journal = Journal(folder, ["a"], keep=False)
    journal.append(b"1")
    clock.set_by = -WEEK_AND_A_BIT
    for _ in range(8):
        journal.tidy()
        clock.now += 86_400
    assert journal.lost == 0
    journal.tidy()
    assert (journal.lost, take(journal)) == (1, [])
    journal.close()


@pytest.mark.parametrize("keep", [False, True])
def test_an_outage_of_weeks_takes_few_files(
    folder: Path, monkeypatch: pytest.MonkeyPatch, keep: bool
) -> None:
    """Each is a descriptor, of which connections need some too."""
    clock, most = Clock(monkeypatch), 0
    journal = Journal(folder, ["a"], keep=keep)
    for hour in range(21 * 24):
        clock.append(journal, b"%d" % hour)
        clock.now += 3600
        journal.tidy()
        most = max(most, len(list(folder.glob("*.jsonl"))))
    assert most <= 30
    journal.close()


def test_what_nobody_is_there_for_any_more_is_counted_too(folder: Path) -> None:
    journal = Journal(folder, ["a"], keep=False)
    journal.append(b"1")
    journal.close()
    [path] = folder.glob("*.jsonl")
    following = Journal(folder, [], keep=True)
    age(path)
    following.tidy()
    assert following.lost == 1
    following.close()
    assert files(folder) == []


def test_dead_letters_are_bounded_and_no_records(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(folder, ["a"], keep=False)
    journal.bury(b'{"id":"1"}\n')
    journal.bury(b'{"id":"2"}')
    [dead] = folder.glob("dead-letters-*.ndjson")
    assert dead.read_bytes() == b'{"id":"1"}\n{"id":"2"}\n'
    journal.close()
    following = Journal(folder, ["a"], keep=False)
    assert take(following) == []
    monkeypatch.setattr(dead_letters, "MAX_BYTES", 20)
    following.bury(b"{}")
    assert following.lost == 1

    def refuse(line: bytes) -> bool:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(following._dead, "add", refuse)
    following.bury(b"{}")
    assert following.lost == 2
    [notice] = following.notices.take()
    assert "no dead letter: No space left on device; 2 so far" in notice
    age(dead)
    following.tidy()
    assert files(folder) == []
    following.close()


def test_what_has_no_segment_is_swept_away(folder: Path) -> None:
    folder.mkdir()
    age_less, stray = (folder / f"0000000000000000000{n}-1.a" for n in (1, 2))
    for path in (age_less, stray):
        path.write_bytes(b"0" * 20)
    age(stray)
    journal = Journal(folder, [], keep=True)
    assert list(folder.iterdir()) == [age_less]  # Another process may be at it.
    journal.close()


def test_what_is_not_the_journals_is_left_alone(folder: Path) -> None:
    folder.mkdir()
    theirs = {folder / "notes.jsonl": "1\n", folder / "2026-notes.a": "2"}
    for path, text in theirs.items():
        path.write_text(text)
        age(path)
    journal = Journal(folder, ["a"], keep=False)
    journal.tidy()
    assert take(journal) == []
    journal.close()
    assert {path: path.read_text() for path in theirs} == theirs
