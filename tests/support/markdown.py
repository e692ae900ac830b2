"""What the tests read in Markdown: pages, fenced code, tables, links, what is named."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
}
"""README and every page of `docs`, by path."""

README = PAGES["README.md"]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
LOCAL = "http://127.0.0.1:7071"
"""Where the pages' examples call the app."""

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """Fenced code on a page."""

    page: str
    language: str
    code: str

    def __str__(self) -> str:
        """As pytest names it."""
        return f"{self.page}: {self.code.partition('\n')[0][:40]}"


def blocks(language: str | None = None) -> list[Block]:
    """The code of every page, or that in *language* alone; "" is none."""
    return [
        Block(page, *fence.groups())
        for page, text in PAGES.items()
        for fence in _FENCE.finditer(text)
        if language in (None, fence[1])
    ]


def only(language: str, page: str | None = None) -> str:
    """The one code in *language* that the pages have, or that *page*; a second needs
    its own test."""
    [block] = [each for each in blocks(language) if page in (None, each.page)]
    return block.code


def after(lead: str, language: str) -> str:
    """README's first code in *language* after *lead*."""
    _, found, rest = README.partition(lead)
    codes = (fence[2] for fence in _FENCE.finditer(rest) if fence[1] == language)
    code = next(codes, None)
    assert found, f"README does not say {lead!r}"
    assert code, f"no {language!r} code after {lead!r}"
    return code


def files() -> dict[str, str]:
    """The complete Python files: what each is to be saved as, and its text."""
    named = r"`([\w./]+\.py)`[^`]*?(?:`CHAINS=[^`]*`)?:\n\n```python\n(.*?)^```$"
    text = "\n".join(PAGES.values())
    return dict(re.findall(named, text, re.MULTILINE | re.DOTALL))


def table(heading: str, text: str) -> Iterator[list[str]]:
    """The cells of each row of the first table under *heading* in *text*."""
    section = re.split(rf"^#+ {re.escape(heading)}$", text, flags=re.MULTILINE)[1]
    rows = re.search(r"^\|.*\n\|[-|]+\|\n((?:\|.*\n?)+)", section, re.MULTILINE)
    assert rows, f"no table under {heading!r}"
    for row in rows[1].splitlines():
        yield [cell.strip() for cell in row.strip("|").split("|")]


def prose(text: str) -> str:
    """*text* without fenced code."""
    return _FENCE.sub("", text)


def quoted(text: str) -> list[str]:
    """Everything in single backticks, outside of fenced code."""
    return re.findall(r"`([^`\n]+)`", prose(text))


def links(text: str) -> list[str]:
    """Where the links of *text* lead."""
    return re.findall(r"\]\(([^)\s]+)\)", prose(text))


def anchors(text: str) -> set[str]:
    """What a link to a heading of *text* may name, as GitHub makes it."""
    headings = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    words = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in words}
