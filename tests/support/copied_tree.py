"""A copy of this project, in which a test may add files."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.app_process import ROOT


def tracked() -> list[str]:
    """The files that git has of this project, or would have."""
    git = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(git, cwd=ROOT, capture_output=True, timeout=30, check=True)
    names = filter(None, listed.stdout.decode().split("\0"))
    return [name for name in names if (ROOT / name).is_file()]


def copy_tree(to: Path) -> Path:
    for name in tracked():
        target = to / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    return to


def python(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python as it is started in *tree*, with nothing set."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=tree,
        env={"PATH": os.environ["PATH"], "HOME": str(tree)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
