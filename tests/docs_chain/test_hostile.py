"""Files made to be slow to read: each would take minutes if reading took more than
linear time."""

from collections.abc import Callable
from pathlib import Path

import pytest

from chains.docs import folder
from chains.docs.folder import MIB
from chains.docs.index import Index
from tests.docs_chain import writers

TEXTS = {
    "a heading of spaces": "# a" + " " * MIB,
    "headings of spaces": ("# a" + " " * 2000 + "b\n") * 500,
    "a heading of marks": "# a " + "#" * MIB,
    "marks": "#" * MIB,
    "spaces": " " * MIB,
    "words of one letter": "a " * (MIB // 2),
    "one word": "a" * MIB,
    "empty lines": "a\n\n" * (MIB // 3),
    "headings": "# a\n" * (MIB // 4),
    "deeper headings": "# a\n## b\ntext words\n" * (MIB // 20),
    "fences": "```\n" * (MIB // 4),
    "fences that close nothing": "".join("`" * n + "\na\n" for n in range(3, 1400)),
    "colons": "a:\n\n" * (MIB // 4),
    "tags": "words <" * (MIB // 7),
    "links": "words ](" * (MIB // 8),
    "marks of rst": "=" * MIB,
    "headings of rst": "a\n---\n" * (MIB // 6),
    "marks of all lengths": "".join(f"{'=' * n}\na\n" for n in range(1, 1400)),
    "roles": ":a:`" * (MIB // 4),
    "colons of roles": ":a" * (MIB // 2),
    "addresses of rst": "`a <" * (MIB // 4),
    "directives": ".. a::\n" * (MIB // 7),
    "deep directives": "".join(" " * n + ".. note::\n" for n in range(1400)),
    "tabs": "\t" * 100_000,
    "front matter": "---\n" + "title: a\n" * (MIB // 10),
}
PAGES = {
    "open tags": "<a ",
    "open attributes": "<a x='",
    "other attributes": "<a x=\"'",
    "comments": "<!--",
    "comments that nearly end": "<!-- --!",
    "declarations": "<![",
    "instructions": "<?",
    "ends": "</",
    "characters": "&",
    "numbers": "&#9",
    "elements": "<div>",
    "navigation": "<nav>",
    "lists": "<ul><li>a",
    "titles": "<title>",
    "scripts": "<script><",
    "ends of scripts": "<script></scrip",
    "titles that end": "<title></title>a",
    "headings": "<h1 id=a>b",
    "code": "<pre>a\n",
    "rows": "<tr><td>a",
    "spaces": "<a" + " " * 1000,
    "lines": "a\n<br>",
}


SIZE = MIB // 2


def read(path: Path) -> None:
    reading = folder.read(path)
    assert not any("MiB" in reason for reason in reading.skipped)
    Index(reading).search({"a", "b"}, 3)


@pytest.mark.parametrize("suffix", ["md", "rst"])
@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_read_in_linear_time(tmp_path: Path, name: str, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    path.write_text(TEXTS[name][:SIZE])
    read(path)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_html_is_read_in_linear_time(tmp_path: Path, name: str) -> None:
    part = PAGES[name]
    path = tmp_path / "a.html"
    path.write_text(part * (2 * SIZE // len(part)))
    read(path)


def loop(pdf: bytes) -> bytes:
    """The tree of pages has itself as its only page."""
    return pdf.replace(b"/Kids [5 0 R]", b"/Kids [2 0 R]")


def nothing(pdf: bytes) -> bytes:
    return pdf.replace(b"/Type /Page ", b"/Type /None ")


def cut(pdf: bytes) -> bytes:
    return pdf[: len(pdf) // 2]


def wrong_length(pdf: bytes) -> bytes:
    return pdf.replace(b"/Length ", b"/Length 99999999")


@pytest.mark.parametrize("spoil", [loop, nothing, cut, wrong_length])
def test_a_spoilt_pdf_is_skipped_or_read_and_ends_nothing(
    tmp_path: Path, spoil: Callable[[bytes], bytes]
) -> None:
    content = writers.pdf("A title", [writers.Part("text", "Some text.")])
    assert spoil(content) != content
    (tmp_path / "a.pdf").write_bytes(spoil(content))
    (tmp_path / "b.md").write_text("# A page\n\nIt has words.\n")
    reading = folder.read(tmp_path)
    assert "b.md" in reading.titles
    assert ("a.pdf" in reading.titles) != bool(reading.skipped)
