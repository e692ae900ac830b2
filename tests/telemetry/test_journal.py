"""The journal: a record is on disk before `append` returns, and each sink gets it."""

import os
from pathlib import Path

import pytest

from telemetry import journal as module
from telemetry.journal import Journal
from tests.telemetry.journal_contents import files, take


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
