"""Reads HTML: its headings, text, tables and code, without navigation and scripts.

Python's own parser takes quadratic time for a page of unclosed tags; this reads each
character once.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

from chains.docs.page import Block, Page, fence

RAW = frozenset({"script", "style", "textarea", "title", "xmp", "noscript"})
"""Elements that have no elements in them."""

UNREAD = frozenset(
    {
        *("aside", "button", "dialog", "footer", "iframe", "nav", "object"),
        *("select", "svg", "template", "form"),
    }
)
HEADINGS = {f"h{level}": level for level in range(1, 7)}
BLOCKS = frozenset(
    {
        *("address", "article", "blockquote", "body", "dd", "details", "div", "dl"),
        *("dt", "figcaption", "figure", "header", "hr", "main", "ol", "p", "section"),
        *("summary", "table", "ul"),
    }
)
LISTED = frozenset({"ol", "ul", "table", "dl"})
"""Elements whose parts are lines of one block."""

_TAG = re.compile(
    r"<(/?)([a-zA-Z][^\s/>]*+)((?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+)>", re.DOTALL
)
_ID = re.compile(r"\sid\s{0,5}=\s{0,5}[\"']?([^\s\"'>]{1,200})", re.IGNORECASE)
_LANGUAGE = re.compile(r"\b(?:language|lang|highlight)-(\w{1,20})")


@dataclass(frozen=True, slots=True)
class _Tag:
    name: str
    closing: bool
    attributes: str
    at: int


def read(text: str) -> Page:
    reader = _HtmlReader(text)
    for part in _parts(text):
        if isinstance(part, _Tag):
            reader.tag(part)
        else:
            reader.text(part)
    reader.flush()
    return Page(reader.blocks, reader.title)


def _parts(text: str) -> Iterator[str | _Tag]:
    """Texts and tags; the end of *text* ends what is not closed."""
    at = 0
    while (begins := text.find("<", at)) >= 0:
        yield text[at:begins]
        if text.startswith(("<!", "<?"), begins):
            comment = text.startswith("<!--", begins)
            at = _after("-->" if comment else ">", text, begins)
        elif text[begins + 1 : begins + 2] in ("", "/") or (
            text[begins + 1].isascii() and text[begins + 1].isalpha()
        ):
            match = _TAG.match(text, begins)
            if match is None:
                at = _after(">", text, begins)
                continue
            name = match[2].lower()
            yield _Tag(name, bool(match[1]), match[3], begins)
            at = match.end()
            if name in RAW and not match[1]:
                closing = re.compile(rf"</{name}", re.IGNORECASE).search(text, at)
                if closing is None:
                    return
                yield text[at : closing.start()]
                at = closing.start()
        else:
            yield "<"
            at = begins + 1
    yield text[at:]


def _after(mark: str, text: str, begins: int) -> int:
    found = text.find(mark, begins)
    return found + len(mark) if found >= 0 else len(text)


class _HtmlReader:
    """Makes blocks of a page's tags and texts."""

    def __init__(self, text: str) -> None:
        self.blocks: list[Block] = []
        self.title: str | None = None
        self._source = text
        self._line, self._counted = 1, 0
        self._pieces: list[str] = []
        self._place = "L1"
        self._level = 0
        self._id: str | None = None
        self._code: str | None = None
        self._within: list[str] = []
        """The open elements of `LISTED`."""
        self._unread, self._depth = "", 0
        self._raw = ""

    def text(self, text: str) -> None:
        if self._raw == "title" and self.title is None:
            self.title = " ".join(_unescaped(text).split()) or None
        elif not self._raw and not self._unread and text:
            self._add(_unescaped(text))

    def _add(self, text: str) -> None:
        if self._code is None:
            text = re.sub(r"\s+", " ", text)
        self._pieces.append(text)

    def tag(self, tag: _Tag) -> None:
        if tag.name in RAW:
            self._raw = "" if tag.closing else tag.name
        elif self._unread:
            if tag.name == self._unread:
                self._depth += -1 if tag.closing else 1
                self._unread = self._unread if self._depth else ""
        elif tag.name in UNREAD and not tag.closing:
            self._unread, self._depth = tag.name, 1
        else:
            self._read_tag(tag)

    def _read_tag(self, tag: _Tag) -> None:
        name = tag.name
        if name in HEADINGS:
            self.flush(tag.at)
            self._level = 0 if tag.closing else HEADINGS[name]
            if not tag.closing and (match := _ID.search(tag.attributes)):
                self._id = match[1]
        elif name == "pre":
            self.flush(tag.at)
            match = _LANGUAGE.search(tag.attributes)
            self._code = None if tag.closing else (match[1] if match else "")
        elif name in ("section", "article") and (match := _ID.search(tag.attributes)):
            self.flush(tag.at)
            self._id = match[1]
        elif name in BLOCKS:
            self._block(tag)
        elif self._code is None:
            self._inline(tag)

    def _block(self, tag: _Tag) -> None:
        inside = bool(self._within)
        if tag.name in LISTED:
            if not tag.closing:
                self._within.append(tag.name)
            elif inside:
                self._within.pop()
            inside = inside and bool(self._within)
        if not inside:
            self.flush(tag.at)
        elif tag.name in ("dt", "dd"):
            self._pieces.append("\n")

    def _inline(self, tag: _Tag) -> None:
        match tag.name, tag.closing:
            case ("li", False):
                self._pieces.append("\n- ")
            case ("tr" | "br", False):
                self._pieces.append("\n")
            case ("td" | "th", False):
                self._pieces.append(" | ")
            case ("code" | "kbd" | "samp", _):
                self._pieces.append("`")
            case ("td" | "th" | "p", True):
                self._pieces.append(" ")
            case _:
                pass

    def flush(self, at: int | None = None) -> None:
        """End the block; the next one begins at *at*."""
        text = "".join(self._pieces)
        self._pieces = []
        if self._code is not None:
            text = text.strip("\n")
            text = fence(text, self._code) if text.strip() else ""
        else:
            lines = (" ".join(line.split()) for line in text.split("\n"))
            text = "\n".join(filter(None, lines))
        if self._level:
            # What Sphinx and others put behind a heading to link to it.
            text = text.strip("¶#§ ")
        if text:
            place = self._id or self._place
            code = self._code is not None
            self.blocks.append(Block(place, text, level=self._level, code=code))
        if at is not None:
            self._line += self._source.count("\n", self._counted, at)
            self._counted = at
            self._place = f"L{self._line}"


def _unescaped(text: str) -> str:
    try:
        return unescape(text)
    except ValueError:  # A character's number of thousands of digits.
        return text
