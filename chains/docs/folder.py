"""Which files the documents are, and what is read of them."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from chains.docs import html_page, markdown, pdf, rst
from chains.docs.encoding import decoded
from chains.docs.page import Page, Unreadable, whole, written
from chains.docs.passages import Passage, pack, title

PROJECT = Path(__file__).resolve().parents[2]

MIB = 1024 * 1024
NAMED = 3
"""Skipped files that the log names, for each reason."""


@dataclass(frozen=True, slots=True)
class Format:
    read: Callable[[bytes], Page]
    most_bytes: int


MARKDOWN = Format(lambda content: markdown.read(decoded(content)), MIB)
RST = Format(lambda content: rst.read(decoded(content)), MIB)
HTML = Format(lambda content: html_page.read(decoded(content, html=True)), 4 * MIB)
PDF = Format(pdf.read, 32 * MIB)
FORMATS: Mapping[str, Format] = {
    **dict.fromkeys((".md", ".markdown", ".txt"), MARKDOWN),
    ".rst": RST,
    **dict.fromkeys((".html", ".htm"), HTML),
    ".pdf": PDF,
}


@dataclass(slots=True)
class Reading:
    """What was read: the passages, the title of each file, and what was skipped."""

    passages: list[Passage] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, list[str]] = field(default_factory=dict)
    """The paths of the files that were not read, by the reason."""

    def __str__(self) -> str:
        kinds = Counter(Path(path).suffix.lower() for path in self.titles)
        read = [f"{count} {kind}" for kind, count in sorted(kinds.items())]
        skipped = [
            f"{len(paths)} {reason}: {_named(paths)}"
            for reason, paths in sorted(self.skipped.items())
        ]
        count = sum(len(paths) for paths in self.skipped.values())
        return (
            f"files read: {_counted(len(self.titles), ', '.join(read))}, "
            f"passages: {len(self.passages)}, "
            f"skipped: {_counted(count, '; '.join(skipped))}"
        )

    @property
    def warning(self) -> str | None:
        """Why nothing can be answered from the documents, if nothing can."""
        if self.passages:
            return None
        return f"no document can be read, is DOCS_PATH right? {self}"


def _counted(count: int, parts: str) -> str:
    return f"{count} ({parts})" if parts else f"{count}"


def _named(paths: list[str]) -> str:
    # A file's name may have a line break, which would be a line of its own in the log.
    shown = ", ".join(ascii(path)[1:-1] for path in paths[:NAMED])
    return f"{shown}, …" if len(paths) > NAMED else shown


def read(folder: Path | None) -> Reading:
    """Read all of *folder*, or that file; `None` is this project's documentation."""
    reading = Reading()
    base, paths = _files(folder)
    real = base.resolve()
    seen: set[Path] = set()
    for path in paths:
        # Its bytes may be no UTF-8.
        name = whole(path.relative_to(base).as_posix())
        try:
            page = _page(path, real, seen)
        except Unreadable as exc:
            reading.skipped.setdefault(str(exc), []).append(name)
            continue
        if page is not None:
            reading.titles[name] = title(page) or ""
            reading.passages += pack(page, name)
    return reading


def _files(folder: Path | None) -> tuple[Path, Iterator[Path]]:
    if folder is None:
        named = [PROJECT / "README.md", PROJECT / "SECURITY.md"]
        files = [path for path in named if path.exists()]
        return PROJECT, iter([*files, *_walk(PROJECT / "docs")])
    if folder.is_file():
        path = folder.resolve()  # Who names a link means the file that it leads to.
        return path.parent, iter([path])
    return folder, _walk(folder)


def _walk(folder: Path) -> Iterator[Path]:
    """Every file that is not hidden, sorted; links to folders are files here."""
    closed: list[OSError] = []
    for place, folders, files in os.walk(folder, onerror=closed.append):
        here = Path(place)
        shown = sorted(name for name in folders if not name.startswith("."))
        links = [name for name in shown if (here / name).is_symlink()]
        folders[:] = [name for name in shown if name not in links]
        for name in sorted([*files, *links]):
            if not name.startswith("."):
                yield here / name
    yield from (Path(error.filename) for error in closed)


def _page(path: Path, base: Path, seen: set[Path]) -> Page | None:
    """Read one file; `None` for another name of what was read or lies in the folder."""
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(base):
            raise Unreadable("linked from outside the folder")
        if real in seen or (path.is_symlink() and real.is_dir()):
            return None
        if real.is_dir():
            raise Unreadable("that cannot be opened")
        seen.add(real)
        kind = FORMATS.get(path.suffix.lower())
        if kind is None or not real.is_file():
            raise Unreadable("of another kind")
        with real.open("rb") as file:
            content = file.read(kind.most_bytes + 1)
    except (OSError, RuntimeError) as exc:  # The second is a link that leads to itself.
        raise Unreadable("that cannot be opened") from exc
    if len(content) > kind.most_bytes:
        raise Unreadable(f"larger than {kind.most_bytes // MIB} MiB")
    page = written(kind.read(content))
    if not any(pack(page, path.name)):
        raise Unreadable("without text")
    return page
