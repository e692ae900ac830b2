"""Reads Markdown and plain text."""

from collections.abc import Iterator

from chains.docs.page import Block, Page

FENCES = ("```", "~~~")
MOST_LEVELS = 6
FRONT_MATTER = {"---": ":", "+++": "="}
"""What is around it, in YAML and in TOML, and what is behind a name in it."""


def read(text: str) -> Page:
    """The page that *text* is; time is linear in its length, whatever it holds."""
    lines = text.splitlines()
    title, begins = _front_matter(lines)
    return Page(list(_blocks(lines, begins)), title)


def _front_matter(lines: list[str]) -> tuple[str | None, int]:
    """The title in the front matter, and the line after it."""
    mark = lines[0].rstrip() if lines else ""
    if mark not in FRONT_MATTER:
        return None, 0
    title = None
    for number, line in enumerate(lines[1:], 1):
        if line.rstrip() == mark:
            return title, number + 1
        name, _, value = line.partition(FRONT_MATTER[mark])
        if name.rstrip() == "title":
            title = value.strip().strip("\"'") or None
    return None, 0


def _blocks(lines: list[str], begins: int) -> Iterator[Block]:
    paragraph: list[str] = []
    number = begins
    while number < len(lines):
        line = lines[number]
        heading = _heading(line)
        underlined = len(paragraph) == 1 and _underline(line)
        ends = _code_ends(lines, number)
        if underlined:
            yield Block(f"L{number}", paragraph.pop().strip(), level=underlined)
        elif heading or ends > number or not line.strip():
            if paragraph:
                yield _paragraph(paragraph, number)
                paragraph = []
            if heading:
                yield Block(f"L{number + 1}", heading[1], level=heading[0])
            elif ends > number:
                code = "\n".join(lines[number:ends])
                yield Block(f"L{number + 1}", code, code=True)
        else:
            paragraph.append(line)
        number = max(ends, number + 1)
    if paragraph:
        yield _paragraph(paragraph, number)


def _paragraph(lines: list[str], ends: int) -> Block:
    return Block(f"L{ends - len(lines) + 1}", "\n".join(lines).rstrip())


def _heading(line: str) -> tuple[int, str] | None:
    text = line.lstrip("#")
    level = len(line) - len(text)
    if not 0 < level <= MOST_LEVELS or not text[:1].isspace():
        return None
    text = text.strip()
    closed = text.rstrip("#")
    if closed[-1:].isspace():
        text = closed.rstrip()
    return (level, text) if text else None


def _underline(line: str) -> int:
    """The level of the heading that *line* makes of the line above; 0 if of none."""
    mark = line.strip()
    if len(mark) < 2 or mark.strip(mark[0]):
        return 0
    return {"=": 1, "-": 2}.get(mark[0], 0)


def _code_ends(lines: list[str], begins: int) -> int:
    """The line after the code whose fence is the line *begins*, else *begins*."""
    opening = lines[begins].strip()
    if not opening.startswith(FENCES):
        return begins
    mark = opening[: len(opening) - len(opening.lstrip(opening[0]))]
    if mark[0] in opening[len(mark) :]:
        return begins  # Code within a line, like ```this```.
    for number in range(begins + 1, len(lines)):
        line = lines[number].strip()
        if line.startswith(mark) and not line.strip(mark[0]):
            return number + 1
    return len(lines)
