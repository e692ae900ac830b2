"""CONTRIBUTING shows the modules there are."""

import re
from pathlib import Path

from tests.support.markdown import CONTRIBUTING, ROOT

PACKAGES = (
    *(
        "app",
        "azure_openai",
        "budgets",
        "chains",
        "compat",
        "proxy",
        "runnables",
        "runs",
        "server",
    ),
    *("settings", "store", "streaming", "telemetry"),
)
MODULES = ("function_app", "registry")
ADDED_TO = ("chains", "streaming/dialects", "telemetry/sinks")
"""Folders to which anybody may add a file: what is added there need not be shown."""


def sources(module: str) -> list[Path]:
    return sorted((ROOT / module).rglob("*.py")) or [ROOT / f"{module}.py"]


def test_the_layout_shows_every_module() -> None:
    tree = re.search(r"^```\n(function_app.*?)^```", CONTRIBUTING, re.M | re.S)
    assert tree
    there = [path for package in PACKAGES for path in sources(package)]
    added_to = [ROOT / folder for folder in ADDED_TO]
    ours = {path.name for path in there if path.parent not in added_to}
    modules = {f"{module}.py" for module in MODULES}
    shown = set(re.findall(r"\w+\.py", tree[1]))
    assert ours | modules <= shown <= modules | {path.name for path in there}
