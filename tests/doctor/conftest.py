"""An app's folder that a test may spoil, and an environment that it may set."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.app_process import FOREIGN, ROOT

FILES = (".python-version", "function_app.py", "host.json", "requirements.txt")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """This project's files; what the environment says of it is put back afterwards."""
    for name in FILES:
        shutil.copy(ROOT / name, tmp_path / name)
    before = dict(os.environ)
    for name in [name for name in os.environ if FOREIGN.match(name)]:
        del os.environ[name]
    yield tmp_path
    os.environ.clear()
    os.environ.update(before)
