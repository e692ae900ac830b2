"""Which files are read, which are not and why; and which of them are cited."""

from pathlib import Path

import pytest

from chains.docs import folder
from chains.docs.index import Index, terms
from tests.docs_chain import writers

TEXT = "# A page\n\nIt has words.\n"


def test_what_is_not_read_is_named_with_the_reason(tmp_path: Path) -> None:
    inside, outside = tmp_path / "docs", tmp_path / "secret"
    outside.mkdir()
    (outside / "key.md").write_text(TEXT)
    (inside / ".git").mkdir(parents=True)
    (inside / ".git" / "hidden.md").write_text(TEXT)
    (inside / "read.md").write_text(TEXT)
    (inside / "again.md").symlink_to("read.md")
    (inside / "link.md").symlink_to(outside / "key.md")
    (inside / "linked").symlink_to(outside)
    (inside / "loop.md").symlink_to("loop.md")
    (inside / "gone.md").symlink_to("nowhere.md")
    (inside / "large.md").write_text("words " * 200_000)
    (inside / "binary.txt").write_bytes(b"a\0b")
    (inside / "rules.md").write_text("////\n\n![](a.png)\n")
    (inside / "picture\n.png").write_bytes(b"")
    (inside / "broken.pdf").write_bytes(b"%PDF-1.4\nnothing")
    (inside / "good.pdf").write_bytes(writers.pdf("A", [writers.Part("text", "Yes.")]))
    reading = folder.read(inside)
    assert {passage.path for passage in reading.passages} == {"again.md", "good.pdf"}
    assert reading.skipped == {
        "larger than 1 MiB": ["large.md"],
        "linked from outside the folder": ["link.md", "linked"],
        "not a PDF that can be read": ["broken.pdf"],
        "not text": ["binary.txt"],
        "of another kind": ["picture\n.png"],
        "that cannot be opened": ["gone.md", "loop.md"],
        "without text": ["rules.md"],
    }
    assert str(reading).startswith(
        "files read: 2 (1 .md, 1 .pdf), passages: 2, skipped: 9 (1 larger than 1 MiB: "
        "large.md; 2 linked from outside the folder: link.md, linked; 1 not a PDF"
    )
    assert "\n" not in str(reading)


def test_a_file_is_read_alone_even_if_it_is_a_link(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(TEXT)
    (tmp_path / "other.md").write_text(TEXT)
    link = tmp_path / "link.md"
    link.symlink_to("page.md")
    assert [passage.path for passage in folder.read(link).passages] == ["page.md"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marks_of_encodings_are_understood(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "page.md").write_text("# Grüße\n\nÄpfel.\n", encoding)
    [passage] = folder.read(tmp_path).passages
    assert (passage.heading, passage.text) == ("Grüße", "Äpfel.")


def test_three_passages_of_a_page_do_not_crowd_out_another_file(tmp_path: Path) -> None:
    filling = "Zebras are striped animals of the plains. " * 22
    long = "\n\n".join(f"## Zebras {number}\n\n{filling}" for number in range(5))
    (tmp_path / "long.md").write_text(f"# Animals\n\n{long}\n")
    (tmp_path / "other.md").write_text(f"# Plains\n\n{filling}Lions too.\n")
    found = folder.read(tmp_path)
    assert len(found.passages) == 6
    cited = [passage.path for passage in Index(found).search({"zebras"}, 3)]
    assert sorted(cited) == ["long.md", "long.md", "other.md"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("When do I get a new laptop?", ["laptops.md"]),
        ("Which class do I fly?", ["travel.md"]),
        ("What is the capital of France?", []),
    ],
)
def test_one_word_of_two_is_enough_among_three_pages_too(
    tmp_path: Path, asked: str, found: list[str]
) -> None:
    pages = {
        "leave": "Parental leave is 20 weeks, paid in full.",
        "travel": "Flights under six hours are booked in economy class.",
        "laptops": "A laptop is replaced after four years.",
    }
    for name, text in pages.items():
        (tmp_path / f"{name}.md").write_text(f"# {name.title()}\n\n{text}\n")
    index = Index(folder.read(tmp_path))
    assert [passage.path for passage in index.search(terms(asked), 3)] == found


def test_a_spoilt_pdf_is_skipped_without_a_word_of_its_own(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "broken.pdf").write_bytes(b"junk\n")
    reading = folder.read(tmp_path)
    assert reading.skipped == {"not a PDF that can be read": ["broken.pdf"]}
    assert caplog.messages == []
