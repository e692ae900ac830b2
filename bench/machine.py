"""Where it ran, and with what."""

import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from bench import environments
from bench.contenders import Contender

LISTED = """\
import sys
from importlib.metadata import version
print(*[f"{name} {version(name)}" for name in sys.argv[1:]], sep="\\n")
"""


def described() -> str:
    """The machine and its Python."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, {python}"
    )


def today() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d")


def versions(contenders: Sequence[Contender]) -> dict[str, list[str]]:
    """What each of *contenders* is made of, as `openai 3.57.0`."""
    return {each.name: _versions(each) for each in contenders if not each.variant}


def _versions(contender: Contender) -> list[str]:
    needs = contender.needs
    python = environments.program(needs) if needs else sys.executable
    listed = subprocess.run(
        [python, "-c", LISTED, *contender.packages],
        capture_output=True,
        check=True,
        text=True,
        timeout=30,
    )
    return listed.stdout.splitlines()
