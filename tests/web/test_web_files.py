"""What is in `web`: its weight, and what others wrote of it."""

import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest

from app.pages import WEB

VENDOR = WEB / "assets" / "vendor"
MOST_BYTES = 100 * 1024
LICENSES = {"MIT", "BSD-3-Clause"}


PAGES = sorted(path.stem for path in (WEB / "pages").glob("*.html"))
NAMED = re.compile(
    r'(?:href|src|from|import|import\()[ =]?"([\w./-]+\.(?:css|js|svg))"'
)


def loaded(page: str) -> set[Path]:
    """The page, and all that it may load, one by the other."""
    found, left = set[Path](), [WEB / "pages" / f"{page}.html"]
    while left:
        path = left.pop()
        if path in found:
            continue
        found.add(path)
        folder = path.parent if path.suffix == ".js" else WEB
        for name in NAMED.findall(path.read_text("utf-8")):
            left.append((folder / name).resolve())
    if WEB / "assets" / "chat" / "code.js" in found:  # It loads a language if need be.
        found |= set((VENDOR / "highlight").glob("*.js"))
    return found


@pytest.mark.parametrize("page", PAGES)
def test_a_page_weighs_a_hundred_kilobytes_at_most(page: str) -> None:
    sizes = [len(gzip.compress(path.read_bytes(), 9)) for path in loaded(page)]
    assert len(sizes) > 10
    assert sum(sizes) <= MOST_BYTES


def test_nothing_is_kept_that_no_page_loads() -> None:
    there = {path for path in (WEB / "assets").rglob("*.*") if path.is_file()}
    unused = there - set[Path]().union(*map(loaded, PAGES))
    assert {path for path in unused if path.suffix in (".css", ".js", ".svg")} == set()


def test_what_others_wrote_is_as_recorded() -> None:
    recorded = dict[str, str]()
    for package in json.loads((VENDOR / "versions.json").read_text("utf-8")):
        assert package["license"] in LICENSES
        assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"])
        assert any(name.endswith("LICENSE.txt") for name in package["files"])
        recorded |= package["sha256"]
    assert recorded == {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in VENDOR.rglob("*.*")
        if path.name != "versions.json"
    }


OURS = [
    path
    for path in (*WEB.rglob("*.js"), *WEB.rglob("*.html"))
    if VENDOR not in path.parents
]


def test_our_modules_make_no_html_of_text() -> None:
    sink = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|\beval\b"
        r"|new Function|DOMParser|createContextualFragment|javascript:"
    )
    for path in OURS:
        assert not sink.search(path.read_text("utf-8")), path.name


def test_a_module_fits_what_a_reader_can_hold() -> None:
    for path in OURS:
        assert path.read_text("utf-8").count("\n") <= 300, path.name
