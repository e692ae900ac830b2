"""A made-up company's documentation: 108 files in four formats, each page in one."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from tests.docs_chain import writers

# A name, what it is, and what it has many of.
PRODUCTS = (
    ("Harbour", "job queue", "job"),
    ("Lantern", "feature flag service", "flag"),
    ("Quill", "site generator", "page"),
    ("Tern", "document database", "record"),
    ("Mortar", "build system", "target"),
    ("Pilot", "deployment tool", "release"),
)
FORMATS: tuple[tuple[str, Callable[[str, list[writers.Part]], bytes]], ...] = (
    ("md", writers.markdown),
    ("rst", writers.rst),
    ("html", writers.html),
    ("pdf", writers.pdf),
)


@dataclass(frozen=True, slots=True)
class Topic:
    title: str
    lines: list[str]


def topics() -> list[Topic]:
    text = Path(__file__).with_name("topics.txt").read_text("utf-8")
    found: list[Topic] = []
    for line in text.splitlines():
        if line.startswith("= "):
            found.append(Topic(line[2:], []))
        else:
            found[-1].lines.append(line)
    return found


def parts(topic: Topic, values: dict[str, str]) -> Iterator[writers.Part]:
    code: list[str] | None = None
    for template in topic.lines:
        line = template.format(**values)
        if line.startswith("`"):
            if code is None:
                code = []
            else:
                yield writers.Part("code", "\n".join(code))
                code = None
        elif code is not None:
            code.append(line)
        elif line.startswith("== "):
            yield writers.Part("heading", line[3:])
        else:
            yield writers.Part("row" if line.startswith("|") else "text", line)


def values_of(name: str, kind: str, unit: str) -> dict[str, str]:
    """What stands for the names in braces: no two products have the same numbers."""
    numbers = random.Random(name)
    said = {f"n{n}": str(numbers.randrange(3 + n, 12 * n + 9)) for n in range(1, 8)}
    cli = name.lower()
    port = str(numbers.randrange(4000, 9000))
    words = {"Name": name, "kind": kind, "unit": unit, "cli": cli, "port": port}
    return {**said, **words, "CLI": name.upper()}


def changes(values: dict[str, str], seed: str) -> Iterator[writers.Part]:
    """A long section that has the words of all others, as histories of changes have."""
    chosen = random.Random(seed)
    headings = [
        line[3:] for each in topics() for line in each.lines if line[:3] == "== "
    ]
    yield writers.Part("heading", "Changes")
    for minor in range(chosen.randrange(10, 30), 0, -1):
        first, second = (heading.lower() for heading in chosen.sample(headings, 2))
        yield writers.Part(
            "text",
            f"2.{minor}.{chosen.randrange(9)}: fix a {values['unit']} that was lost if "
            f"{first} met {second}; {chosen.choice(headings).lower()} says so now.",
        )


def write(folder: Path) -> list[Path]:
    """Write every page below *folder*, and what documentation also has beside pages."""
    written = []
    for number, ((name, kind, unit), topic) in enumerate(product(PRODUCTS, topics())):
        # So that each topic is in each format.
        suffix, writer = FORMATS[(number + number // 18) % len(FORMATS)]
        values = values_of(name, kind, unit)
        path = (
            folder / name.lower() / f"{topic.title.lower().replace(' ', '-')}.{suffix}"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        page = [*parts(topic, values), *changes(values, f"{name}{topic.title}")]
        path.write_bytes(writer(f"{name}: {topic.title}", page))
        written.append(path)
    (folder / "logo.png").write_bytes(b"\x89PNG")
    (folder / "rules.md").write_text(
        "////\n\n----\n\n![](logo.png)\n\n* * *\n", "utf-8"
    )
    return written
