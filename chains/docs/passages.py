"""Full-text search over Markdown and text files, paragraph by paragraph.

SQLite's FTS5 ranks, with the headings a paragraph stands under weighing more than its
text. See: https://www.sqlite.org/fts5.html
"""

import re
import sqlite3
import threading
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]

SUFFIXES = {".md", ".markdown", ".rst", ".txt"}
LARGEST_FILE = 1024 * 1024
HEADING_WEIGHT = 4.0

TERMS = 32
"""Words from either end of a question that are searched for; each costs time."""

QUESTION_END = 2000
"""Characters at either end of a question in which those words are looked for."""

# Words that say nothing of what is asked; FTS5 has no list of its own.
STOP_WORDS = frozenset(
    """
    a about all am an and any are as at be by can could did do does for from get
    give had has have how i if in is it its me my need no not of on or our own
    please should so some tell than that the their them there these they this to
    us use was we were what when where which who why will with would you your
    """.split()  # noqa: SIM905 - a list would fill a screen
)

_HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*#*$")
_FENCE = re.compile(r"\s*(```|~~~)")


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph; `heading` has the headings above it, `line` counts from 1."""

    path: str
    line: int
    heading: str
    text: str


class Passages:
    """An index of passages, in memory. Searching blocks for about a millisecond."""

    def __init__(self, passages: Iterable[Passage]) -> None:
        self._lock = threading.Lock()
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        weakref.finalize(self, self._database.close)
        self._database.execute(
            "CREATE VIRTUAL TABLE passage USING fts5(path UNINDEXED, line UNINDEXED, "
            "heading, text, tokenize='porter unicode61 remove_diacritics 2')"
        )
        self._database.executemany(
            "INSERT INTO passage VALUES (?, ?, ?, ?)",
            ((item.path, item.line, item.heading, item.text) for item in passages),
        )

    def search(self, asked: set[str], most: int) -> list[Passage]:
        """The passages that fit the words *asked* best, best first, *most* at most."""
        if not asked:
            return []
        query = " OR ".join(f'"{term}"' for term in sorted(asked))
        with self._lock:
            rows = self._database.execute(
                "SELECT path, line, heading, text FROM passage WHERE passage MATCH ? "
                "ORDER BY bm25(passage, 0, 0, ?, 1) LIMIT ?",
                (query, HEADING_WEIGHT, most),
            ).fetchall()
        return [Passage(*row) for row in rows]


def terms(question: str) -> set[str]:
    """What to search for: the first `TERMS` keywords of *question* and the last.

    What is asked stands before or after a long text that was pasted.
    """
    first = _keywords(question[:QUESTION_END])
    last = reversed(_keywords(question[-QUESTION_END:]))
    return {*islice(dict.fromkeys(first), TERMS), *islice(dict.fromkeys(last), TERMS)}


def keywords(text: str) -> set[str]:
    return set(_keywords(text))


def _keywords(text: str) -> list[str]:
    words = re.findall(r"[^\W_]+", text.lower())
    return [word for word in words if word not in STOP_WORDS]


def read(folder: Path | None) -> Iterator[Passage]:
    """Every passage in *folder*, or in that file; `None` is this project's docs."""
    if folder is None:
        docs = sorted((PROJECT / "docs").rglob("*"))
        paths = [PROJECT / "README.md", PROJECT / "SECURITY.md", *docs]
        base = PROJECT
    elif folder.is_file():
        paths, base = [folder], folder.parent
    else:
        paths, base = sorted(folder.rglob("*")), folder
    for path in paths:
        relative = path.relative_to(base)
        hidden = any(part.startswith(".") for part in relative.parts)
        if hidden or path.suffix.lower() not in SUFFIXES or not path.is_file():
            continue
        if path.stat().st_size <= LARGEST_FILE:
            text = path.read_text(encoding="utf-8", errors="replace")
            yield from split(text, relative.as_posix())


def split(text: str, path: str) -> Iterator[Passage]:
    """Split *text* at blank lines; code stays with the sentence that leads to it."""
    headings = [Path(path).stem]
    block: list[str] = []
    begins, fenced = 1, False
    for number, line in enumerate([*text.splitlines(), ""], 1):
        if _FENCE.match(line):
            fenced = not fenced
        heading = None if fenced else _HEADING.match(line)
        if not fenced and (heading or not line.strip()):
            leads_on = block and not heading and block[-1].rstrip().endswith(":")
            if block and not leads_on:
                yield Passage(path, begins, " > ".join(headings), "\n".join(block))
                block = []
            if heading:
                headings[len(heading[1]) :] = [heading[2]]
            if not leads_on:
                continue
        if not block:
            begins = number
        block.append(line)
    if block:
        yield Passage(path, begins, " > ".join(headings), "\n".join(block).rstrip())
