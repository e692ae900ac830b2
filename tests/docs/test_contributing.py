"""CONTRIBUTING shows the modules there are."""

import re
from pathlib import Path

from tests.docs.markdown import CONTRIBUTING, ROOT

PACKAGES = (
    *(
        "app",
        "azure_openai",
        "chains",
        "compat",
        "proxy",
        "runnables",
        "runs",
        "server",
    ),
    *("runs", "server", "settings", "streaming", "telemetry"),
)
MODULES = ("function_app", "registry")


def sources(module: str) -> list[Path]:
    return sorted((ROOT / module).rglob("*.py")) or [ROOT / f"{module}.py"]


def test_the_layout_shows_every_module() -> None:
    tree = re.search(r"^```\n(function_app.*?)^```", CONTRIBUTING, re.M | re.S)
    assert tree
    there = {path.name for package in PACKAGES for path in sources(package)}
    shown = set(re.findall(r"\w+\.py", tree[1]))
    assert shown == there | {f"{module}.py" for module in MODULES}
