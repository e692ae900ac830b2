"""The pictures of docs can be taken again, and are those that its pages show."""

import re
from pathlib import Path

from tests.support.app_process import ROOT
from tests.web.screenshots import take


def test_the_pictures_of_the_pages_can_be_taken(tmp_path: Path) -> None:
    take(tmp_path)
    taken = {path.name for path in tmp_path.iterdir()}
    shown = "".join(path.read_text("utf-8") for path in (ROOT / "docs").glob("*.md"))
    assert taken == set(re.findall(r"\((\w+-(?:light|dark)\.png)\)", shown))
