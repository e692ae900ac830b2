"""`python -m tests.support.release TAG FOLDER`: what a release consists of.

Raises if *TAG* is not the version; else *FOLDER* has the package, app.zip, and the
release's section of CHANGELOG, notes.md.
"""

import re
import sys
from pathlib import Path

import settings
from tests.support.app_process import ROOT
from tests.support.package import build


def notes(changelog: str, version: str) -> str:
    """The text below the heading of *version*."""
    heading = rf"^## \[?{re.escape(version)}\b[^\n]*\n(.*?)(?=^## |\Z)"
    section = re.search(heading, changelog, re.MULTILINE | re.DOTALL)
    if section is None:
        raise SystemExit(f"CHANGELOG.md has no section {version}")
    return section[1].strip() + "\n"


def main(tag: str, folder: Path) -> None:
    if tag != f"v{settings.VERSION}":
        raise SystemExit(f"The tag is {tag}, and the version is {settings.VERSION}")
    folder.mkdir(exist_ok=True)
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    (folder / "notes.md").write_text(notes(changelog, settings.VERSION), "utf-8")
    build(folder / "app.zip")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
