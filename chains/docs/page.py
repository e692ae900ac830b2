"""What a file is read as, whatever its format."""

import re
from dataclasses import dataclass, replace

_WORD = re.compile(r"[^\W\d_]{2}")

# Each is bounded, so that a text of nothing but `<` takes no longer than its length.
_MARKUP = re.compile(r"<[^<>]{0,300}>|\]\([^()\s]{0,300}\)")


class Unreadable(Exception):
    """Why a file is not read, in words for the log."""


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, a paragraph, a table, a list or code.

    `place` is where it is in its file, as a URL's fragment says it: `L12`, `page=3`.
    `level` is 0 for everything but a heading.
    """

    place: str
    text: str
    level: int = 0
    code: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A file: its blocks in their order, and the title that is not one of them."""

    blocks: list[Block]
    title: str | None = None


def whole(text: str) -> str:
    """*text* with its surrogates in pairs; half of a pair cannot be written."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def written(page: Page) -> Page:
    """*page* as it can be written, whatever a PDF says that its characters are."""
    blocks = [replace(each, text=whole(each.text)) for each in page.blocks]
    return Page(blocks, whole(page.title) if page.title else None)


def has_words(text: str) -> bool:
    """Whether *text* says something: rules, badges and bare links do not."""
    return _WORD.search(_MARKUP.sub(" ", text)) is not None


def fence(code: str, language: str = "") -> str:
    """*code* as Markdown shows it."""
    mark = "````" if "```" in code else "```"
    return f"{mark}{language}\n{code}\n{mark}"
