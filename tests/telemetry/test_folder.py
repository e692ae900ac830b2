"""The journal's folder, in which other processes come and go."""

from pathlib import Path

import pytest

from telemetry.journal import Journal, segments
from telemetry.journal.segments import Segment
from tests.telemetry.journal_contents import take


@pytest.fixture
def segment(folder: Path) -> Segment:
    folder.mkdir()
    return Segment.create(folder, ("a",))


@pytest.mark.parametrize(
    "name",
    [
        "00000000000000000001-1.a",
        "00000000000000000001-1.jsonl",
        "dead-letters-2020-01-01.ndjson",
    ],
)
def test_what_another_process_removes_meanwhile_is_no_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Several workers start at once, and each clears away what was left."""
    stat, gone = Path.stat, folder / name
    folder.mkdir()
    gone.touch()

    def too_late(self: Path, *, follow_symlinks: bool = True) -> object:
        if self == gone:
            self.unlink(missing_ok=True)
        return stat(self, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(Path, "stat", too_late)
    journal = Journal(folder, ["a"], keep=False)
    journal.tidy()
    journal.close()
    assert list(folder.iterdir()) == []


def test_what_one_process_removes_no_other_adopts(
    folder: Path, segment: Segment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it could deliver what has been counted as lost."""
    remove, adopted = segments.remove, []

    def race(path: Path) -> None:
        adopted.append(Segment.adopt(path, ("a",)))
        remove(path)

    monkeypatch.setattr(segments, "remove", race)
    segment.delete()
    assert adopted == [None]
    assert list(folder.iterdir()) == []


def test_what_goes_while_it_is_adopted_is_not(
    folder: Path, segment: Segment, monkeypatch: pytest.MonkeyPatch
) -> None:
    segment.append(b"1\n")
    segment.close()
    read = Path.read_bytes

    def too_late(self: Path) -> bytes:
        segments.remove(segment.path)
        return read(self)

    monkeypatch.setattr(Path, "read_bytes", too_late)
    assert Segment.adopt(segment.path, ("a",)) is None


def test_what_cannot_be_read_now_is_adopted_the_next_time(
    folder: Path, segment: Segment, monkeypatch: pytest.MonkeyPatch
) -> None:
    segment.append(b"1\n")
    segment.close()

    def fail(_: Path) -> bytes:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(Path, "read_bytes", fail)
    journal = Journal(folder, ["a"], keep=False)
    assert take(journal) == []
    monkeypatch.undo()
    journal.tidy()
    assert take(journal) == [b"1"]
    journal.close()
