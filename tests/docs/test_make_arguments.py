"""`make` hands its variables on as they are."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.app_process import ROOT

URL, KEY = "https://x.example/?a=1&code=2", "-a_b=="


@pytest.mark.parametrize(
    ("arguments", "handed"),
    [
        (["doctor", "ASK=1"], ["-m", "doctor", URL, f"--key={KEY}", "--ask"]),
        (
            ["ask", "CHAIN=docs"],
            ["-m", "devhost.ask", "--chain=docs", f"--url={URL}", f"--key={KEY}"],
        ),
        (
            ["replay", "RUN=1", "SPEED=2"],
            ["-m", "devhost.replay", "1", "--speed=2", f"--url={URL}", f"--key={KEY}"],
        ),
    ],
)
def test_an_address_with_a_query_and_a_key_that_begins_with_a_dash(
    tmp_path: Path, arguments: list[str], handed: list[str]
) -> None:
    """As a function key may."""
    (tmp_path / ".venv/bin").mkdir(parents=True)
    python = tmp_path / ".venv/bin/python"
    python.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    python.chmod(0o755)
    done = tmp_path / ".venv/run.done"
    for number, name in enumerate(("requirements.txt", "requirements-dev.txt")):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (number, number))
    done.touch()
    make = ["make", "--silent", "--file", str(ROOT / "Makefile")]
    printed = subprocess.run(
        [*make, *arguments, f"URL={URL}", f"KEY={KEY}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    ).stdout
    assert printed.splitlines() == handed
