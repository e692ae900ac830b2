"""The drawings of docs: they explain themselves, and need nothing from elsewhere."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.support.markdown import PAGES, ROOT

DRAWN = sorted((ROOT / "docs").rglob("*.svg"))
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("path", DRAWN, ids=lambda path: path.name)
def test_a_drawing_says_what_it_shows_in_light_and_in_dark(path: Path) -> None:
    text = path.read_text("utf-8")
    drawing = ElementTree.fromstring(text)
    for said in ("title", "desc"):
        assert drawing.findtext(f"{SVG}{said}")
    assert "prefers-color-scheme: dark" in text
    assert not re.search(r"<script|<image|url\((?!#)|href=", text)
    styled = set(re.findall(r"\.([a-z]+)[ {]", text))
    used = {
        name for names in re.findall(r'class="([^"]+)"', text) for name in names.split()
    }
    assert used <= styled


@pytest.mark.parametrize("path", DRAWN, ids=lambda path: path.name)
def test_nothing_is_drawn_outside_of_it(path: Path) -> None:
    drawing = ElementTree.parse(path).getroot()
    width, height = float(drawing.attrib["width"]), float(drawing.attrib["height"])
    for box in drawing.iter(f"{SVG}rect"):
        x, y = float(box.get("x", 0)), float(box.get("y", 0))
        assert x + float(box.attrib["width"]) <= width
        assert y + float(box.attrib["height"]) <= height


def test_every_picture_is_shown_with_words_that_replace_it() -> None:
    shown = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", "\n".join(PAGES.values()))
    assert all(len(words.split()) > 3 for words, _ in shown)
    pictures = {path.name for path in [*DRAWN, *(ROOT / "docs").rglob("*.png")]}
    assert {name.rpartition("/")[2] for _, name in shown} == pictures
