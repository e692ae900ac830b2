"""Reads PDF: the text of each page under the headings of the file's outline."""

import logging
import re
from collections.abc import Iterator, Mapping
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING

from chains.docs.page import Block, Page, Unreadable

if TYPE_CHECKING:
    from pypdf import PdfReader

MOST_PAGES = 2000
MOST_CHARACTERS = 4_000_000
MOST_HEADINGS = 2000
MOST_LEVELS = 6

_HYPHEN = re.compile(r"(?<=[a-z])-\n(?=[a-z])")
_PARAGRAPH = re.compile(r"\n[ \t]*\n")


def read(content: bytes) -> Page:
    """The text of the PDF *content*; raises `Unreadable`."""
    # A tenth of a second to import, which folders without a PDF do not need.
    from pypdf import PdfReader

    # Its warnings name no file, and say what it made good; the log has what is skipped.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL + 1)
    try:
        reader = PdfReader(BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("encrypted")
        metadata = reader.metadata
        title = str(metadata.title) if metadata and metadata.title else None
        return Page(list(_blocks(reader)), title)
    except Unreadable:
        raise
    except Exception as exc:  # Of a spoilt file any; the others are read all the same.
        raise Unreadable("not a PDF that can be read") from exc


def _blocks(reader: "PdfReader") -> Iterator[Block]:
    headings = _headings(reader)
    left = MOST_CHARACTERS
    for number, page in enumerate(islice(reader.pages, MOST_PAGES), 1):
        place = f"page={number}"
        for level, heading in headings.get(number, []):
            yield Block(place, heading, level=level)
        text = _HYPHEN.sub("", page.extract_text())
        for paragraph in _PARAGRAPH.split(text[:left]):
            if paragraph.strip():
                yield Block(place, paragraph.strip())
        left -= len(text)
        if left <= 0:
            return


def _headings(reader: "PdfReader") -> Mapping[int, list[tuple[int, str]]]:
    """The outline's headings, with their levels, by the number of their page."""
    from pypdf.generic import Destination

    found: dict[int, list[tuple[int, str]]] = {}
    # Lists are the level below; a stack, as an outline may be as deep as it likes.
    waiting: list[tuple[int, Iterator[object]]] = [(1, iter(reader.outline))]
    count = 0
    while waiting and count < MOST_HEADINGS:
        level, entries = waiting[-1]
        entry = next(entries, None)
        if entry is None:
            waiting.pop()
        elif isinstance(entry, list):
            waiting.append((min(level + 1, MOST_LEVELS), iter(entry)))
        elif isinstance(entry, Destination):
            count += 1
            number = reader.get_destination_page_number(entry)
            text = " ".join(str(entry.title or "").split())
            if number is not None and text:
                found.setdefault(number + 1, []).append((level, text))
    return found
