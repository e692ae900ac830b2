"""What is in `web`: its weight, and what others wrote of it."""

import gzip
import hashlib
import json
import re
from pathlib import Path

from app.pages import WEB

VENDOR = WEB / "assets" / "vendor"
MOST_BYTES = 100 * 1024
LICENSES = {"MIT", "BSD-3-Clause"}


def of_the_chat() -> list[Path]:
    folders = (WEB / "assets" / "chat", VENDOR)
    found = [path for folder in folders for path in folder.rglob("*.*")]
    loaded = [path for path in found if path.suffix in (".css", ".js", ".svg")]
    return [WEB / "pages" / "chat.html", WEB / "client.js", *loaded]


def test_the_chat_page_weighs_a_hundred_kilobytes_at_most() -> None:
    sizes = [len(gzip.compress(path.read_bytes(), 9)) for path in of_the_chat()]
    assert len(sizes) > 20
    assert sum(sizes) <= MOST_BYTES


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


def test_our_modules_make_no_html_of_text() -> None:
    sink = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|\beval\b"
        r"|new Function|DOMParser|createContextualFragment|javascript:"
    )
    for path in of_the_chat():
        if VENDOR not in path.parents:
            assert not sink.search(path.read_text("utf-8")), path.name


def test_a_module_fits_what_a_reader_can_hold() -> None:
    for path in of_the_chat():
        if path.suffix == ".js" and VENDOR not in path.parents:
            assert path.read_text("utf-8").count("\n") <= 300, path.name
