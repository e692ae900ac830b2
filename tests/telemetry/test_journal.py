"""The journal: what is on disk, who adopts it, and what happens without room."""

import multiprocessing
import os
import signal
import threading
from pathlib import Path

import pytest

from telemetry import dead_letters
from telemetry import journal as module
from telemetry.journal import Journal
from telemetry.segments import Segment

WEEK_AND_A_BIT = 8 * 86_400


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def files(folder: Path) -> list[str]:
    return sorted(path.suffix for path in folder.iterdir())


def take(journal: Journal, sink: str = "a") -> list[bytes]:
    """All that *sink* has not taken, taken."""
    lines = []
    while batch := journal.read(sink):
        lines += batch.lines
        journal.advance(sink, batch)
    return [line.rstrip(b"\n") for line in lines]


def age(path: Path) -> None:
    then = path.stat().st_mtime - WEEK_AND_A_BIT
    os.utime(path, (then, then))


def test_a_record_is_on_disk_when_append_returns(folder: Path) -> None:
    journal = Journal(folder, ["a"], keep=False)
    journal.append(b'{"id":"1"}')
    [path] = folder.glob("*.jsonl")
    assert path.read_bytes() == b'{"id":"1"}\n'
    journal.close()


def test_nobody_else_may_read_it(folder: Path) -> None:
    journal = Journal(folder, ["a"], keep=False)
    journal.append(b"{}")
    journal.bury(b"{}")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    journal.close()


def test_each_sink_is_given_everything_in_its_own_time(folder: Path) -> None:
    journal = Journal(folder, ["a", "b"], keep=False)
    journal.append(b"1")
    assert take(journal, "a") == [b"1"]
    journal.append(b"2")
    assert take(journal, "a") == [b"2"]
    assert take(journal, "b") == [b"1", b"2"]
    assert take(journal, "b") == []
    journal.close()


def test_a_batch_comes_again_until_it_is_taken(folder: Path) -> None:
    journal = Journal(folder, ["a"], keep=False)
    journal.append(b"1")
    assert journal.read("a") is not None
    assert journal.backlog("a") == 2
    assert take(journal) == [b"1"]
    assert journal.backlog("a") == 0
    journal.close()


def test_a_batch_is_bounded_but_a_large_record_goes_alone(folder: Path) -> None:
    journal = Journal(folder, ["a"], keep=False)
    large = b"x" * (module.BATCH_BYTES * 2)
    for line in [b"1", large, *[b"y"] * 100]:
        journal.append(line)
    sizes = []
    while batch := journal.read("a"):
        sizes.append(len(batch.lines))
        journal.advance("a", batch)
    assert sizes == [1, 1, module.BATCH_RECORDS, 100 - module.BATCH_RECORDS]
    journal.close()


def test_what_is_left_the_next_process_delivers(folder: Path) -> None:
    journal = Journal(folder, ["a"], keep=False)
    for line in (b"1", b"2"):
        journal.append(line)
    batch = journal.read("a")
    assert batch is not None
    journal.close()
    following = Journal(folder, ["a"], keep=False)
    following.append(b"3")
    assert take(following) == [b"1", b"2", b"3"]
    following.close()
    assert files(folder) == []


def test_what_one_process_still_writes_no_other_adopts(folder: Path) -> None:
    first = Journal(folder, ["a"], keep=False)
    first.append(b"1")
    second = Journal(folder, ["a"], keep=False)
    assert take(second) == []
    assert take(first) == [b"1"]
    second.close()
    first.close()


def write_and_hang(folder: Path, written: threading.Event) -> None:
    journal = Journal(folder, ["a"], keep=False)
    for number in range(100):
        journal.append(b"%d" % number)
    written.set()
    signal.pause()


def test_what_a_killed_process_wrote_is_delivered(folder: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    written = spawn.Event()
    process = spawn.Process(target=write_and_hang, args=(folder, written))
    process.start()
    assert written.wait(20)
    process.kill()
    process.join(5)
    process.close()
    journal = Journal(folder, ["a"], keep=False)
    assert take(journal) == [b"%d" % number for number in range(100)]
    journal.close()


def test_half_a_line_is_passed_over(folder: Path) -> None:
    journal = Journal(folder, ["a"], keep=False)
    journal.append(b"1")
    journal.close()
    [path] = folder.glob("*.jsonl")
    with path.open("ab") as file:
        file.write(b'{"half')
    following = Journal(folder, ["a"], keep=False)
    assert take(following) == [b"1"]
    following.close()
    assert files(folder) == []


def test_a_place_that_cannot_be_read_begins_anew(folder: Path) -> None:
    journal = Journal(folder, ["a"], keep=False)
    journal.append(b"1")
    journal.close()
    [cursor] = folder.glob("*.a")
    cursor.write_bytes(b"\0" * 20)
    following = Journal(folder, ["a"], keep=False)
    assert take(following) == [b"1"]
    following.close()


def test_a_sink_is_not_sent_what_was_recorded_before_it_was_on(folder: Path) -> None:
    journal = Journal(folder, [], keep=True)
    journal.append(b"1")
    journal.close()
    [kept] = folder.iterdir()
    following = Journal(folder, ["a"], keep=False)
    following.append(b"2")
    assert take(following) == [b"2"]
    following.tidy()
    following.close()
    assert list(folder.iterdir()) == [kept]


def test_what_is_delivered_goes(folder: Path) -> None:
    journal = Journal(folder, ["a"], keep=False)
    journal.append(b"1")
    assert take(journal) == [b"1"]
    assert files(folder) == [".a", ".jsonl"]
    journal.tidy()
    assert files(folder) == []
    journal.append(b"2")
    assert take(journal) == [b"2"]
    journal.close()
    assert files(folder) == []


def test_an_outage_takes_no_more_files_the_longer_it_lasts(folder: Path) -> None:
    """Each is a descriptor, of which connections need some too."""
    journal = Journal(folder, ["a"], keep=False)
    for number in range(50):
        journal.append(b"%d" % number)
        journal.tidy()
    assert files(folder) == [".a", ".jsonl"]
    assert len(take(journal)) == 50
    journal.close()


def test_a_living_process_adopts_too(folder: Path) -> None:
    first = Journal(folder, ["a"], keep=False)
    second = Journal(folder, ["a"], keep=False)
    woken = threading.Event()
    second.wake(woken)
    first.append(b"1")
    second.tidy()
    assert take(second) == []
    first.close()
    woken.clear()
    second.tidy()
    assert woken.is_set()
    assert take(second) == [b"1"]
    second.close()
    assert files(folder) == []


def test_what_somebody_has_removed_is_delivered_all_the_same(folder: Path) -> None:
    journal = Journal(folder, ["a"], keep=False)
    journal.append(b"1")
    for path in folder.iterdir():
        path.unlink()
    assert take(journal) == [b"1"]
    journal.tidy()
    journal.append(b"2")
    assert len(list(folder.glob("*.jsonl"))) == 1
    assert take(journal) == [b"2"]
    journal.close()


def test_a_full_segment_is_followed_by_another(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SEGMENT_BYTES", 10)
    journal = Journal(folder, ["a"], keep=False)
    lines = [b"%05d" % number for number in range(6)]
    for line in lines:
        journal.append(line)
    assert len(list(folder.glob("*.jsonl"))) == 3
    assert take(journal) == lines
    journal.close()
    assert files(folder) == []


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


def test_more_than_memory_may_hold_is_lost_and_counted(
    folder: Path, full_disk: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING_BYTES", len(b"0\n1\n2\n"))
    journal = Journal(folder, ["a"], keep=False)
    for number in range(5):
        journal.append(b"%d" % number)
    assert (journal.waiting, journal.lost) == (3, 2)
    full_disk[0] = False
    journal.tidy()
    assert take(journal) == [b"2", b"3", b"4"]
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


def test_a_folder_of_somebody_else_is_not_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.mkdir()
    if os.getuid() == 0:
        os.chown(folder, 12345, 12345)
    else:
        monkeypatch.setattr(os, "getuid", lambda: 12345)
    with pytest.raises(PermissionError):
        Journal(folder, [], keep=True)
