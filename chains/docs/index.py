"""Full-text search over passages, in memory.

SQLite's FTS5 ranks, with what stands in headings weighing more than the text; the words
of a page's title and path count for all of its passages, but once.
See: https://www.sqlite.org/fts5.html
"""

import math
import sqlite3
import weakref
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from chains.docs.folder import Reading
from chains.docs.passages import ABOVE, Passage
from chains.docs.words import (
    EVERYDAY,
    is_unspaced,
    keywords,
    misspelled,
    spaced,
    words,
)

HEADING_WEIGHT = 4.0
TITLE_WEIGHT = 0.6
ASKED_WEIGHT = 1.2
"""What each word of a heading adds if all of them are asked for; with fewer, less."""

CANDIDATES = 100
"""Passages that are looked at more closely."""

OF_A_FILE = 2
"""Passages of one file that come before those of every other that answers."""

AGAIN = 0.6
"""What each further passage of a file counts, so that other files are cited too."""

SHARE = 0.5
EXPECTED = 5
"""A passage that has less than `SHARE` of the words asked for, of `EXPECTED` words at
most and weighed by how rare they are, does not answer."""

EVERYDAY_WEIGHT = 0.5
"""What an everyday word weighs there, beside another that is as rare."""

PAIR_WEIGHT = 0.3
"""What two characters weigh there of which no passage has both together: they may be
of two words of the question."""

FEW_PASSAGES = 100
"""In fewer passages a word is as rare as in these: of three, one that stands in a
passage would weigh half of what a word does that stands in none."""

TERMS = 32
"""Words from either end of a question that are searched for; each costs time."""

QUESTION_END = 2000
"""Characters at either end of a question in which those words are looked for."""


class Index:
    """Passages by their words. Searching blocks for some milliseconds."""

    def __init__(self, reading: Reading) -> None:
        self._passages = reading.passages
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        weakref.finalize(self, self._database.close)
        self._fill("passage", ((each.heading, each.text) for each in self._passages))
        self._fill("page", reading.titles.items())
        self._headings = [
            (row, heading.rpartition(ABOVE)[2])
            for row, passage in enumerate(self._passages, 1)
            for heading in passage.headings
        ]
        self._fill("heading", (("", heading) for _, heading in self._headings))
        self._rows = {path: row for row, path in enumerate(reading.titles, 1)}
        # By their stems, as all other words are found.
        self._fill("everyday", (("", word) for word in EVERYDAY))
        texts = (f"{each.heading} {each.text}" for each in self._passages)
        self._words = Counter(
            word for text in (*texts, *reading.titles.values()) for word in words(text)
        )

    def _fill(self, table: str, rows: Iterable[tuple[str, str]]) -> None:
        self._database.execute(
            f"CREATE VIRTUAL TABLE {table} USING fts5(name, text, "
            "tokenize='porter unicode61 remove_diacritics 2')"
        )
        self._database.executemany(
            f"INSERT INTO {table} VALUES (?, ?)",  # noqa: S608 - ours
            ((spaced(name), spaced(text)) for name, text in rows),
        )

    def search(self, asked: set[str], most: int) -> list[Passage]:
        """The passages that answer for the words *asked*, best first, *most* at most;
        none if none has enough of them."""
        if not asked:
            return []
        asked = {self._spelled(term) for term in asked}
        passages = {term: self._matching("passage", term) for term in asked}
        pages = {term: self._matching("page", term) for term in asked}
        headed = [self._matching("heading", term) for term in asked]
        weights = {term: self._weight(term, len(passages[term])) for term in asked}
        needed = _needed(weights)
        asked_for = self._asked_for(headed)
        found: list[tuple[float, Passage]] = []
        for row, score in self._scores(asked):
            passage = self._passages[row - 1]
            page = self._rows[passage.path]
            titled = {term for term in asked if page in pages[term]}
            has = {term for term in asked if row in passages[term]}
            if sum(weights[term] for term in has | titled) >= needed:
                named = sum(
                    _rarity(len(pages[term]), len(self._rows)) for term in titled
                )
                bonus = TITLE_WEIGHT * named + ASKED_WEIGHT * asked_for.get(row, 0)
                found.append((score + bonus, passage))
        return list(islice(_diverse(found), most))

    def _spelled(self, term: str) -> str:
        """*term*, or the word of the documents that was probably meant by it."""
        if any(
            self._matching(table, term) for table in ("passage", "page", "everyday")
        ):
            return term
        meant = [word for word in misspelled(term) if word in self._words]
        return max(meant, key=lambda word: self._words[word], default=term)

    def _weight(self, term: str, matching: int) -> float:
        rarity = _rarity(matching, max(len(self._passages), FEW_PASSAGES))
        if not matching and is_unspaced(term):
            return rarity * PAIR_WEIGHT
        everyday = self._matching("everyday", term)
        return rarity * EVERYDAY_WEIGHT if everyday else rarity

    def of_file(self, path: str) -> list[Passage]:
        """All passages of one file, in its order."""
        return [passage for passage in self._passages if passage.path == path]

    def _scores(self, asked: set[str]) -> list[tuple[int, float]]:
        query = " OR ".join(f'"{spaced(term)}"' for term in sorted(asked))
        return self._database.execute(
            "SELECT rowid, -bm25(passage, ?, 1) FROM passage WHERE passage MATCH ? "
            "ORDER BY bm25(passage, ?, 1) LIMIT ?",
            (HEADING_WEIGHT, query, HEADING_WEIGHT, CANDIDATES),
        ).fetchall()

    def _asked_for(self, headed: list[set[int]]) -> dict[int, float]:
        """How much of its best heading is asked for, by the row of a passage."""
        best: dict[int, float] = {}
        counts = Counter(row for rows in headed for row in rows)
        for number, count in counts.items():
            row, heading = self._headings[number - 1]
            share = min(1, count / max(1, len(set(keywords(heading)))))
            best[row] = max(best.get(row, 0), share * count)
        return best

    def _matching(self, table: str, term: str) -> set[int]:
        rows = self._database.execute(
            f"SELECT rowid FROM {table} WHERE {table} MATCH ?",  # noqa: S608 - ours
            (f'"{spaced(term)}"',),
        )
        return {row for (row,) in rows}


def _rarity(matching: int, count: int) -> float:
    return math.log(1 + (count - matching + 0.5) / (matching + 0.5))


def _needed(weights: Mapping[str, float]) -> float:
    if len(weights) > TERMS:
        return 0  # Of a text that was pasted, nobody knows which words are asked about.
    average = sum(weights.values()) / len(weights)
    return SHARE * average * min(len(weights), EXPECTED)


def _diverse(found: list[tuple[float, Passage]]) -> Iterator[Passage]:
    """The passages, best first; each counts less after others of its file."""
    taken: dict[str, int] = {}
    left = list(found)
    while left:
        best = max(left, key=lambda each: _worth(each[0], taken.get(each[1].path, 0)))
        left.remove(best)
        taken[best[1].path] = taken.get(best[1].path, 0) + 1
        yield best[1]


def _worth(score: float, taken: int) -> tuple[bool, float]:
    return taken < OF_A_FILE, score * AGAIN**taken


def terms(question: str) -> set[str]:
    """What to search for: the first `TERMS` keywords of *question* and the last.

    What is asked stands before or after a long text that was pasted.
    """
    first = keywords(question[:QUESTION_END])
    last = reversed(keywords(question[-QUESTION_END:]))
    return {*islice(dict.fromkeys(first), TERMS), *islice(dict.fromkeys(last), TERMS)}
