"""What `import function_app` costs, by package: the sum of `-X importtime`."""

import os
import re
import subprocess
import sys
import tempfile
from statistics import median

from bench.contenders import ROOT

LINE = re.compile(r"import time: +(\d+) \| +\d+ \| *(\S+)")
"""Its own microseconds, those with what it imports, and its name."""

APP = "function_app"
ALONE = f"import threading; threading.Thread.start = lambda _: None; import {APP}"
"""Without the thread that imports LangChain beside it."""

NAMESPACES = ("azure", "opentelemetry", "google")
"""Whose packages are those below them."""


def measure(rounds: int) -> dict[str, float]:
    """Milliseconds a package, the dearest first; medians of *rounds*."""
    all_ = [by_package(_listed()) for _ in range(rounds)]
    names = {name for each in all_ for name in each}
    medians = {name: median(each.get(name, 0) for each in all_) for name in names}
    return dict(sorted(medians.items(), key=lambda item: -item[1]))


def by_package(listed: str) -> dict[str, float]:
    """Milliseconds a package, of what `-X importtime` has *listed* for the app."""
    spent: dict[str, float] = {}
    for line in listed.splitlines():
        if found := LINE.match(line):
            name = package(found[2])
            spent[name] = spent.get(name, 0) + int(found[1]) / 1000
    return spent


def package(module: str) -> str:
    """The package of *module*: Python's own are one."""
    first, *rest = module.split(".")
    if first in sys.stdlib_module_names:
        return "Python's own"
    return ".".join([first, *rest[:1]]) if first in NAMESPACES else first


def _listed() -> str:
    with tempfile.TemporaryDirectory() as folder:
        kept = {
            name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ
        }
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-c", ALONE],
            cwd=ROOT,
            env={**kept, "TELEMETRY_PATH": folder},
            capture_output=True,
            check=True,
            text=True,
            timeout=60,
        )
    return done.stderr
