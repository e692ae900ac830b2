"""Packs the blocks of a page into passages: what is searched for, quoted and cited."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from chains.docs.page import Block, Page, fence, has_words

if TYPE_CHECKING:
    from langchain_text_splitters import TextSplitter

ENOUGH = 800
"""Characters from which a passage takes no further section in."""

MOST = 1200
"""Characters up to which blocks are put into one passage."""

MOST_CODE = 2400
"""Characters up to which code is left whole."""

MOST_HEADING = 200
"""Characters of a heading that are kept."""

ABOVE = " > "
"""Stands between a heading and the one below it."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One long section's part, or some short sections.

    `headings` has one for each section, the first with those above it; `place` is where
    the first block is.
    """

    path: str
    place: str
    headings: tuple[str, ...]
    text: str

    @property
    def heading(self) -> str:
        return ", ".join(self.headings)

    @property
    def url(self) -> str:
        return f"{quote(self.path)}#{quote(self.place, safe='=')}"


@dataclass(frozen=True, slots=True)
class _Section:
    headings: tuple[str, ...]
    units: list[Block]
    """What may not be torn apart."""

    @property
    def size(self) -> int:
        return sum(len(unit.text) + 2 for unit in self.units)


def pack(page: Page, path: str) -> Iterator[Passage]:
    """The passages of *page*; none is without words."""
    waiting: list[_Section] = []
    size = 0
    for section in _parts(_sections(page, path)):
        fits = size < ENOUGH and size + section.size <= MOST
        if waiting and not (fits and _related(waiting[0], section)):
            yield from _passage(waiting, path)
            waiting, size = [], 0
        waiting.append(section)
        size += section.size
    yield from _passage(waiting, path)


def title(page: Page) -> str | None:
    """The page's own title, else its first heading if that stands above all others."""
    levels = [block.level for block in page.blocks if block.level]
    first = next((block for block in page.blocks if block.level), None)
    if first and levels.count(first.level) == 1 and first.level == min(levels):
        return first.text[:MOST_HEADING]
    return page.title[:MOST_HEADING] if page.title else None


def _sections(page: Page, path: str) -> Iterator[_Section]:
    name = title(page)
    stem = path.rpartition("/")[2].partition(".")[0]
    above: list[tuple[int, str]] = []
    section = _Section((name or stem,), [])
    for block in page.blocks:
        if not block.level:
            _add(section.units, block)
            continue
        if has_words("\n".join(unit.text for unit in section.units)):
            yield section
        above = [each for each in above if each[0] < block.level]
        text = block.text[:MOST_HEADING]
        above.append((block.level, text))
        # The title is in no heading: its words would match all that the page says.
        headings = tuple(each for _, each in above if each != name)
        section = _Section(headings or (text,), [])
    if has_words("\n".join(unit.text for unit in section.units)):
        yield section


def _add(units: list[Block], block: Block) -> None:
    """Keep code, and what a colon announces, with the sentence before."""
    parts = _split(block)
    if not parts:
        return
    first, *others = parts
    last = units[-1] if units else None
    leads = last and (first.code or last.text.endswith(":"))
    most = MOST_CODE if first.code else MOST
    if last and leads and len(last.text) + len(first.text) <= most:
        text = f"{last.text}\n\n{first.text}"
        units[-1] = Block(last.place, text, code=last.code or first.code)
    else:
        units.append(first)
    units += others


def _split(block: Block) -> list[Block]:
    """*block* in parts; nothing of a long one that has no words."""
    if len(block.text) <= (MOST_CODE if block.code else MOST):
        return [block]
    if not has_words(block.text):
        return []
    line, counted = _line(block.place), 0
    parts = []
    for part in _splitter().create_documents([block.text]):
        begins = part.metadata["start_index"]
        if line:
            line += block.text.count("\n", counted, begins)
            counted = begins
        text = part.page_content
        place = f"L{line}" if line else block.place
        text = _fenced(text) if block.code else text
        parts.append(Block(place, text, code=block.code))
    return parts


def _fenced(part: str) -> str:
    """A part of code, without the fence that only the first and last part have."""
    lines = part.splitlines()
    bare = [line for line in lines if not line.lstrip().startswith(("```", "~~~"))]
    return fence("\n".join(bare))


def _line(place: str) -> int | None:
    number = place.removeprefix("L")
    return int(number) if number.isdecimal() else None


@cache
def _splitter() -> "TextSplitter":
    # Only what is longer than a passage needs it.
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    return RecursiveCharacterTextSplitter(
        chunk_size=MOST,
        chunk_overlap=0,
        separators=["\n\n", "\n", ". ", " ", ""],
        keep_separator="end",
        add_start_index=True,
    )


def _parts(sections: Iterable[_Section]) -> Iterator[_Section]:
    """Each section, in parts of `MOST` characters if it is longer."""
    for section in sections:
        part = _Section(section.headings, [])
        for unit in section.units:
            if part.units and part.size + len(unit.text) > MOST:
                yield part
                part = _Section(section.headings, [])
            part.units.append(unit)
        yield part


def _related(first: _Section, section: _Section) -> bool:
    """Whether *section* is beside or below *first*."""
    above = first.headings[:-1] if len(first.headings) > 1 else ()
    return section.headings[: len(above)] == above


def _passage(sections: list[_Section], path: str) -> Iterator[Passage]:
    units = [unit for section in sections for unit in section.units]
    if not has_words("\n".join(unit.text for unit in units)):
        return
    texts = []
    names = [ABOVE.join(sections[0].headings)]
    headings = sections[0].headings
    for section in sections:
        if section.headings != headings:
            headings = section.headings
            names.append(headings[-1])
            texts.append(f"**{headings[-1]}**")
        texts += [unit.text for unit in section.units]
    yield Passage(path, units[0].place, tuple(names), "\n\n".join(texts))
