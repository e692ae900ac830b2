"""An extension is one file: in a copy of the tree with such files, the tests hold."""

from pathlib import Path

import pytest

from chains._files import OURS
from tests.support.app_process import ROOT
from tests.support.copied_tree import copy_tree, python
from tests.support.markdown import PAGES, files, quoted

ADDED = [
    "chains/haiku.py",
    "chains/handbook.py",
    "chains/hours.py",
    "streaming/dialects/ndjson.py",
    "telemetry/sinks/statsd.py",
]
STRUCTURE = ["tests/test_architecture.py", "tests/docs/test_contributing.py"]
ABOUT_THEM = (
    "haiku or handbook or hours or ndjson or statsd or siblings or unique or layout"
)
"""Of what looks at the tree itself, the tests that such a file could make red."""

OF_LISTS = [
    "tests/chains/test_loading.py::test_a_chain_is_what_has_a_public_name",
    "tests/clients/test_openai_sdk.py::test_what_can_be_named_is_listed",
    "tests/telemetry/test_otel_providers.py::"
    "test_nothing_of_the_sdk_is_imported_where_it_is_off",
    "tests/test_endpoint.py::test_chains_are_listed_with_what_they_do",
    "tests/test_endpoint.py::test_health_says_whether_the_default_chain_can_answer",
]
"""The tests of what lists every chain, dialect or sink."""

LOADED = """
import json
from app.openapi import FILE, paths
from chains import Chains
from settings import Settings
from streaming import dialects

assert paths.build() == json.loads(FILE.read_text("utf-8"))
assert {"chat", "docs", "haiku", "handbook", "hours"} <= set(Chains(Settings()).names)
assert "ndjson" in dialects.names()
assert dialects.load("ndjson").keep_alive("")
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return copy_tree(tmp_path)


@pytest.fixture
def extended(tree: Path) -> Path:
    """The copy with the pages' files, and one that comes first in every list."""
    shown = files()
    for name in ADDED:
        (tree / name).write_text(shown[name], encoding="utf-8")
    (tree / "chains/a_first.py").write_text(shown["chains/haiku.py"], encoding="utf-8")
    return tree


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "tests", [["-k", ABOUT_THEM, *STRUCTURE], OF_LISTS], ids=["structure", "lists"]
)
def test_the_pages_files_leave_the_tests_green(
    extended: Path, tests: list[str]
) -> None:
    done = python(extended, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def test_the_pages_files_are_found(extended: Path) -> None:
    done = python(extended, "-c", LOADED)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.parametrize(
    "name", ["app.py", "server.py", "settings.py", "registry/__init__.py"]
)
def test_a_file_named_like_one_of_ours_is_named_at_start(tree: Path, name: str) -> None:
    own = name.partition("/")[0].removesuffix(".py")
    (tree / name).parent.mkdir(exist_ok=True)
    (tree / name).write_text('"""Somebody\'s own."""\n', encoding="utf-8")
    done = python(tree, "-c", "import function_app")
    assert done.returncode != 0
    assert "SettingsError" in done.stderr
    assert f"{own}.py is beside {own}/" in done.stderr


def test_the_page_says_which_names_are_taken() -> None:
    page = PAGES["docs/troubleshooting.md"]
    taken = page.partition("Taken are ")[2].partition(":")[0]
    assert quoted(taken) == sorted(OURS)


def test_every_name_of_ours_is_known() -> None:
    there = [path.parent.name for path in ROOT.glob("[!.]*/__init__.py")]
    there += [path.stem for path in ROOT.glob("*.py")]
    assert sorted(OURS) == sorted(
        {*there} - {"bench", "devhost", "doctor", "mkdocs_hooks"}
    )
