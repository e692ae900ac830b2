"""Reads reStructuredText: headings, code and directives; the rest is text.

See: https://docutils.sourceforge.io/docs/ref/rst/restructuredtext.html
"""

import re
import string
from collections.abc import Iterator
from textwrap import dedent

from chains.docs.page import Block, Page, fence

CODE = frozenset({"code", "code-block", "sourcecode", "parsed-literal", "prompt"})
UNREAD = frozenset(
    {
        *("contents", "csv-table", "figure", "highlight", "image", "include", "index"),
        *("literalinclude", "meta", "raw", "toctree", "autosummary", "currentmodule"),
        *("automodule", "autoclass", "autofunction", "module", "only", "tabs"),
    }
)
"""Directives whose body is for the tool that renders the file."""

# Bounded, so that time is linear whatever stands in the text.
_ROLE = re.compile(r":[a-z][\w:+-]{0,30}:`~?([^`<\n]{1,200}?)(?: ?<[^>`\n]{1,200}>)?`")
_LINK = re.compile(r"`([^`<>\n]{1,200}?) ?<[^>`\n]{1,300}>`__?")
_DIRECTIVE = re.compile(r"\.\. ([\w:+-]{1,60})::(?: |$)")


def read(text: str) -> Page:
    return Page(list(_RstReader(text.expandtabs().splitlines()).blocks()))


class _RstReader:
    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._at = 0
        self._marks: list[str] = []
        """How headings are adorned, from the highest level down."""

    def blocks(self) -> Iterator[Block]:
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if not line.strip():
                self._at += 1
            elif (heading := self._heading()) is not None:
                yield heading
            elif line.lstrip().startswith(".. ") or line.strip() == "..":
                yield from self._explicit()
            else:
                yield from self._paragraph()

    def _heading(self) -> Block | None:
        first, second, third = (self._line(self._at + each) for each in range(3))
        if _adorns(first) and second.strip() and third.rstrip() == first.rstrip():
            mark, text, over, used = first[0] * 2, second.strip(), 1, 3
        elif _adorns(second) and first[:1].strip() and not _adorns(first):
            mark, text, over, used = second[0], first.strip(), 0, 2
            if len(second.rstrip()) < min(len(text), 4):
                return None
        else:
            return None
        if mark not in self._marks:
            self._marks.append(mark)
        place = f"L{self._at + 1 + over}"
        self._at += used
        return Block(place, _plain(text), level=self._marks.index(mark) + 1)

    def _explicit(self) -> Iterator[Block]:
        """A directive, a comment or a target, with its indented body."""
        line = self._lines[self._at]
        place, indent = f"L{self._at + 1}", _indent(line)
        match = _DIRECTIVE.match(line.lstrip())
        name = match[1] if match else ""
        if match and name not in CODE | UNREAD:
            # A note, an option, a function: what follows is text.
            self._at += 1
            argument = line.lstrip()[match.end() :].strip()
            if argument:
                yield Block(place, _plain(argument))
            self._skip_options(indent)
            return
        self._at += 1
        if name in CODE:
            self._skip_options(indent)
        yield from self._literal(indent, match, code=name in CODE)

    def _literal(
        self, indent: int, match: re.Match[str] | None, *, code: bool
    ) -> Iterator[Block]:
        """What is indented by more than *indent*, as code or not at all."""
        while self._at < len(self._lines) and not self._lines[self._at].strip():
            self._at += 1
        begins = self._at
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if line.strip() and _indent(line) <= indent:
                break
            self._at += 1
        text = dedent("\n".join(self._lines[begins : self._at])).strip("\n")
        if code and text:
            language = match.string[match.end() :].strip() if match else ""
            yield Block(f"L{begins + 1}", fence(text, language), code=True)

    def _skip_options(self, indent: int) -> None:
        while (line := self._line(self._at)).lstrip().startswith(":"):
            if _indent(line) <= indent:
                return
            self._at += 1

    def _paragraph(self) -> Iterator[Block]:
        begins = self._at
        indent = _indent(self._lines[begins])
        while self._line(self._at).strip():
            self._at += 1
        lines = [each.strip() for each in self._lines[begins : self._at]]
        text, leads = "\n".join(lines), False
        if text.endswith("::"):
            leads = True
            text = text[:-1] if len(text) > 2 else ""
        text = _plain(text)
        if text and not text.startswith(":"):
            yield Block(f"L{begins + 1}", text)
        if leads:
            yield from self._literal(indent, None, code=True)

    def _line(self, number: int) -> str:
        return self._lines[number] if number < len(self._lines) else ""


def _adorns(line: str) -> bool:
    mark = line.rstrip()
    return len(mark) > 2 and mark[0] in string.punctuation and not mark.strip(mark[0])


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _plain(text: str) -> str:
    """*text* without roles and the addresses of links."""
    return _LINK.sub(r"\1", _ROLE.sub(r"`\1`", text)).replace("``", "`")
