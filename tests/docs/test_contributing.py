"""CONTRIBUTING shows the modules there are, and their imports as they are."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.markdown import CONTRIBUTING, ROOT, quoted, table

PACKAGES = ("azure_openai", "chains", "openapi", "settings", "streaming", "telemetry")
MODULES = ("function_app", "gateway", "health", "registry")
OURS = {*PACKAGES, *MODULES, "devhost"}


def sources(module: str) -> list[Path]:
    return sorted((ROOT / module).rglob("*.py")) or [ROOT / f"{module}.py"]


def imports(module: str) -> Iterator[str]:
    """The modules of ours that *module* imports, itself left out."""
    for path in sources(module):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Import():
                    found = [alias.name for alias in node.names]
                case ast.ImportFrom(module=str(origin)):
                    found = [f"{origin}.{alias.name}" for alias in node.names]
                case _:
                    continue
            yield from (
                name for name in found if name.partition(".")[0] in OURS - {module}
            )


def test_the_layout_shows_every_module() -> None:
    tree = re.search(r"^```\n(function_app.*?)^```", CONTRIBUTING, re.M | re.S)
    assert tree
    there = {path.name for package in PACKAGES for path in sources(package)}
    shown = set(re.findall(r"\w+\.py", tree[1]))
    assert shown == there | {f"{module}.py" for module in MODULES}


@pytest.mark.parametrize("module", [*PACKAGES, "gateway", "health", "registry"])
def test_the_table_of_imports_is_true(module: str) -> None:
    rows = {
        quoted(row[0])[0]: row[1] for row in table("Who may import whom", CONTRIBUTING)
    }
    allowed = set(quoted(rows[module]))
    found = list(imports(module))
    forbidden = [
        name
        for name in found
        if not any(f"{name}.".startswith(f"{may}.") for may in allowed)
    ]
    unused = [
        may
        for may in allowed
        if not any(f"{name}.".startswith(f"{may}.") for name in found)
    ]
    assert (forbidden, unused) == ([], [])
