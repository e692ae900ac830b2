"""What the tests read in Markdown: fenced code, tables, files that are named."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def after(lead: str, language: str, text: str = README) -> str:
    """The first code in *language* after *lead*."""
    _, found, rest = text.partition(lead)
    fence = re.search(rf"^```{language}\n(.*?)^```$", rest, re.MULTILINE | re.DOTALL)
    assert found, f"README does not say {lead!r}"
    assert fence, f"no {language!r} code after {lead!r}"
    return fence[1]


def files() -> dict[str, str]:
    """README's complete Python files: what each is to be saved as, and its text."""
    named = r"`([\w./]+\.py)`[^`]*?(?:`CHAINS=[^`]*`)?:\n\n```python\n(.*?)^```$"
    return dict(re.findall(named, README, re.MULTILINE | re.DOTALL))


def table(heading: str, text: str = README) -> Iterator[list[str]]:
    """The cells of each row of the first table under *heading*."""
    section = re.split(rf"^#+ {re.escape(heading)}$", text, flags=re.MULTILINE)[1]
    rows = re.search(r"^\|.*\n\|[-|]+\|\n((?:\|.*\n)+)", section, re.MULTILINE)
    assert rows, f"no table under {heading!r}"
    for row in rows[1].splitlines():
        yield [cell.strip() for cell in row.strip("|").split("|")]


def quoted(text: str) -> list[str]:
    """Everything in single backticks, outside of fenced code."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`([^`\n]+)`", prose)
