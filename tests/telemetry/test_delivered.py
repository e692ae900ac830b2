"""What every sink has taken stays in the journal for its days, without content."""

import json
from pathlib import Path
from typing import Any

import pytest

from runs import Run
from telemetry import records
from telemetry.journal import Journal
from telemetry.journal.delivered import Delivered


def line(number: int) -> bytes:
    """A record with a prompt and an answer."""
    record = records.build(Run(request_id=f"request-{number}"), content=False)
    record["prompt"], record["content"] = [{"content": "the prompt"}], "the answer"
    return records.dumps(record)


def delivering(journal: Journal, *sinks: str) -> None:
    for sink in sinks:
        while batch := journal.read(sink):
            journal.advance(sink, batch)


def kept(folder: Path) -> list[dict[str, Any]]:
    """The records on disk, of which none may have content."""
    found = [
        json.loads(each)
        for path in sorted(folder.glob("*.jsonl"))
        for each in path.read_bytes().splitlines()
    ]
    assert [record for record in found if record["prompt"] or record["content"]] == []
    return found


def ids(folder: Path) -> list[str]:
    return sorted(record["request_id"] for record in kept(folder))


def test_what_is_delivered_stays_without_content_over_a_restart(tmp_path: Path) -> None:
    for number in range(3):
        journal = Journal(tmp_path, ["a", "b"], keep=False)
        journal.append(line(number))
        delivering(journal, "a", "b")
        journal.tidy()
        assert ids(tmp_path) == [f"request-{each}" for each in range(number + 1)]
        assert journal.read("a") is journal.read("b") is None
        journal.close()
    following = Journal(tmp_path, ["a", "b", "new"], keep=False)
    following.tidy()
    assert following.read("new") is None
    following.close()
    assert ids(tmp_path) == ["request-0", "request-1", "request-2"]


def test_what_one_sink_has_not_taken_keeps_its_content(tmp_path: Path) -> None:
    journal = Journal(tmp_path, ["a", "b"], keep=False)
    journal.append(line(1))
    delivering(journal, "a")
    journal.tidy()
    batch = journal.read("b")
    assert batch is not None
    assert json.loads(batch.lines[0])["content"] == "the answer"
    delivering(journal, "b")
    journal.tidy()
    assert ids(tmp_path) == ["request-1"]
    journal.close()


def test_what_a_killed_process_had_delivered_stays_too(tmp_path: Path) -> None:
    journal = Journal(tmp_path, ["a"], keep=False)
    journal.append(line(1))
    delivering(journal, "a")
    for segment in journal._segments:  # As the end of the process unlocks them.
        segment.close()
    journal._segments.clear()
    following = Journal(tmp_path, ["a"], keep=False)
    assert ids(tmp_path) == ["request-1"]
    following.close()


def test_without_room_it_waits_with_its_content_and_is_kept_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Delivered, segment: object) -> None:
        raise OSError(28, "no space")

    journal = Journal(tmp_path, ["a"], keep=False)
    journal.append(line(1))
    delivering(journal, "a")
    with monkeypatch.context() as patched:
        patched.setattr(Delivered, "take", full)
        journal.tidy()
    assert [str(notice) for notice in journal.notices.take()] == [
        "cannot keep what is delivered: No space left on device"
    ]
    journal.tidy()
    assert ids(tmp_path) == ["request-1"]
    journal.close()
