"""The package that is deployed: what git has, without what `.funcignore` names."""

import zipfile
from pathlib import Path

from pathspec import GitIgnoreSpec

from tests.support.app_process import ROOT
from tests.support.copied_tree import tracked


def packaged() -> list[str]:
    """The paths of its files, as Core Tools and `azd` choose them."""
    lines = (ROOT / ".funcignore").read_text("utf-8").splitlines()
    ignored = GitIgnoreSpec.from_lines(lines)
    return sorted(name for name in tracked() if not ignored.match_file(name))


def build(archive: Path) -> Path:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as package:
        for name in packaged():
            package.write(ROOT / name, name)
    return archive


def unpack(archive: Path, folder: Path) -> Path:
    with zipfile.ZipFile(archive) as package:
        package.extractall(folder)
    return folder
