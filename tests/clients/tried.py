"""Installs and tries every client anew, and writes the table of docs/openai-api.md.

`python -m tests.clients.tried` exits with the number of clients that failed.
"""

import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.clients.environments import HERE, PACKAGES, client, make, version
from tests.support.app_process import ROOT

PAGE = ROOT / "docs" / "openai-api.md"
HEAD = (
    "| client | version | installs in | takes | tried on | tests |\n"
    "|---|---|---|---|---|---|"
)
PASSED = "passed"


def main() -> int:
    rows = [row(name) for name in PACKAGES]
    table = "\n".join([HEAD, *rows])
    written = PAGE.read_text("utf-8")
    marked = re.compile(r"(?<=<!-- clients -->\n).*(?=<!-- end -->)", re.DOTALL)
    PAGE.write_text(marked.sub(lambda _: f"\n{table}\n\n", written), "utf-8")
    print(table)
    return sum(f"| {PASSED} |" not in row for row in rows)


def row(name: str) -> str:
    """What came of *name*, as a row of the table."""
    began = time.monotonic()
    make(name)
    seconds = time.monotonic() - began
    size = megabytes(client(name).folder)
    tests = ["-m", "pytest", "--quiet", str(HERE / f"test_{name}.py")]
    failed = subprocess.run([sys.executable, *tests], cwd=ROOT, check=False).returncode
    cells = [
        f"`{PACKAGES[name]}`",
        version(name),
        f"{seconds:.0f} s",
        f"{size:.0f} MB",
        f"{datetime.now(UTC):%Y-%m-%d}",
        "failed" if failed else PASSED,
    ]
    return f"| {' | '.join(cells)} |"


def megabytes(folder: Path) -> float:
    """How much of the disk *folder* takes."""
    files = [path.lstat() for path in folder.rglob("*")]
    return sum(file.st_blocks for file in files) * 512 / 1_000_000


if __name__ == "__main__":
    sys.exit(main())
