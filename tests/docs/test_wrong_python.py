"""`make` names a Python that will not do, before it installs anything."""

import subprocess
from pathlib import Path

import pytest

from tests.support.app_process import ROOT


def made(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    make = ["make", "--silent", "--file", str(ROOT / "Makefile"), *arguments]
    return subprocess.run(
        make, cwd=folder, capture_output=True, text=True, timeout=30, check=False
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("requirements.txt", "requirements-dev.txt"):
        (tmp_path / name).touch()
    return tmp_path


def python(path: Path, version: str) -> Path:
    """What says that it is Python *version*."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho Python {version}\n")
    path.chmod(0o755)
    return path


def test_an_older_python_is_named(folder: Path) -> None:
    done = made(folder, "run", f"PYTHON={python(folder / 'python', '3.12')}")
    assert done.returncode != 0
    assert done.stdout == ""
    assert done.stderr.startswith(
        f"This needs Python 3.13, and {folder / 'python'} is Python 3.12.\n"
        "Install it; if it has another name: make run PYTHON=/path/to/python3.13\n"
    )
    assert not (folder / ".venv").exists()


def test_a_python_that_is_not_there_is_named(folder: Path) -> None:
    done = made(folder, "run", "PYTHON=python3.13-nowhere")
    assert done.returncode != 0
    assert "and python3.13-nowhere is not there.\n" in done.stderr


def test_a_virtual_environment_of_another_python_is_named(folder: Path) -> None:
    python(folder / ".venv/bin/python", "3.14")
    done = made(folder, "run")
    assert done.returncode != 0
    assert done.stderr.startswith(
        "This needs Python 3.13, and .venv/bin/python is Python 3.14.\n"
        "Remove the folder .venv and start again.\n"
    )
