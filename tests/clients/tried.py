"""Installs and tries every client anew, and writes the table of docs/clients.md.

`python -m tests.clients.tried` exits with the number of rows that say something failed.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from subprocess import CalledProcessError
from tempfile import TemporaryDirectory

from tests.clients import codex, results
from tests.clients.environments import HERE, LARGE, PACKAGES, make
from tests.clients.known import CLIENTS, FEATURES
from tests.support.app_process import ROOT

PAGE = ROOT / "docs" / "clients.md"
HEAD = "| client | version | speaks | tried | result | on |\n|---|---|---|---|---|---|"
FOLDERS = (HERE, HERE.parent / "langgraph")
"""Where clients are tried."""

Results = dict[str, str]
"""What came of a client's name and a feature, joined by `|`."""


def main() -> int:
    install()
    found = run()
    write(found)
    return sum(result == "failed" for result in found.values())


def install() -> None:
    for name in (*PACKAGES, *LARGE):
        _try(partial(make, name), name)
    print("clients: installing codex", flush=True)
    _try(codex.make, "codex")


def _try(install: Callable[[], None], name: str) -> None:
    """A client that cannot be installed is one that was not run."""
    try:
        install()
    except CalledProcessError:
        print(f"clients: {name} is not installed", file=sys.stderr)


def run(*options: str) -> Results:
    """Try them all; with `--collect-only`, only name what would be tried."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "results.json"
        pytest = [sys.executable, "-m", "pytest", "-p", results.__name__]
        command = [*pytest, "--quiet", *options, *map(str, FOLDERS)]
        named = {**os.environ, results.PATH: str(path)}
        subprocess.run(command, cwd=ROOT, env=named, check=False, stdout=sys.stderr)
        found: Results = json.loads(path.read_text("utf-8"))
        return found


def write(found: Results) -> None:
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    rows = [row(pair, found[pair], day) for pair in ordered(found)]
    table = "\n".join([HEAD, *rows])
    written = PAGE.read_text("utf-8")
    marked = re.compile(r"(?<=<!-- clients -->\n).*(?=<!-- end -->)", re.DOTALL)
    PAGE.write_text(marked.sub(lambda _: f"\n{table}\n\n", written), "utf-8")
    print(table)


def ordered(found: Results) -> list[str]:
    def place(pair: str) -> tuple[int, int]:
        name, feature = pair.split("|")
        return list(CLIENTS).index(name), FEATURES.index(feature)

    return sorted(found, key=place)


def row(pair: str, result: str, day: str) -> str:
    name, feature = pair.split("|")
    client = CLIENTS[name]
    cells = [client.name, client.version(), client.speaks, feature, result, day]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
