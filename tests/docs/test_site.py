"""The pages as a site: built without a warning, with every page in its contents."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import mkdocs_hooks
from tests.support.markdown import PAGES, ROOT

CONFIG = (ROOT / "mkdocs.yml").read_text("utf-8")


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-d", tmp_path],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    start = (tmp_path / "index.html").read_text("utf-8")
    assert 'href="deploy/"' in start
    assert not re.search(r'(src|rel="stylesheet" href)="https?://', start)


def test_every_page_is_in_the_contents() -> None:
    listed = set(re.findall(r": ([\w/-]+\.md)$", CONFIG, re.MULTILINE))
    ours = {page.removeprefix("docs/") for page in PAGES if page != "README.md"}
    assert listed == ours | {*mkdocs_hooks.ELSEWHERE.values()}


@pytest.mark.parametrize(
    ("page", "written", "shown"),
    [
        ("index.md", "[a](docs/deploy.md#x)", "[a](deploy.md#x)"),
        ("index.md", "[a](CHANGELOG.md)", "[a](changelog.md)"),
        ("decisions/proxy.md", "[a](../openai-api.md)", "[a](../openai-api.md)"),
        ("deploy.md", "[a](../README.md)", "[a](index.md)"),
        ("dialects.md", "[a](../streaming/events.py)", "a"),
        ("deploy.md", "[a](#there), [b](https://example.com)", None),
        ("performance.md", "![a](performance.png)", None),
    ],
)
def test_links_lead_to_the_pages_of_the_site(
    page: str, written: str, shown: str | None
) -> None:
    assert mkdocs_hooks.relinked(written, page) == (shown or written)
