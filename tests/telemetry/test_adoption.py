"""Adoption: what a process leaves in the journal, another one delivers."""

import multiprocessing
import signal
import threading
from pathlib import Path

from telemetry.journal import Journal
from tests.telemetry.journal_contents import files, take


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
