"""One version, in each place that has it."""

import json
import re
import tomllib

import settings
from tests.support.markdown import PAGES, ROOT


def test_every_place_has_the_same_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    openapi = json.loads((ROOT / "app/openapi/openapi.json").read_text("utf-8"))
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    newest = re.search(r"^## \[?(\d+\.\d+\.\d+)", changelog, re.MULTILINE)
    assert newest
    shown = re.findall(r"versions: (\S+) on", PAGES["docs/deploy.md"])
    package = json.loads((ROOT / "web/package.json").read_text("utf-8"))
    versions = {
        "pyproject.toml": project["version"],
        "openapi.json": openapi["info"]["version"],
        "web/package.json": package["version"],
        "CHANGELOG.md, the newest that is released": newest[1],
        "docs/deploy.md": shown[0],
    }
    assert versions == dict.fromkeys(versions, settings.VERSION)


def test_nothing_that_is_deployed_has_another_place_for_it() -> None:
    version = re.compile(rf"\b{re.escape(settings.VERSION)}\b")
    places = {
        path.relative_to(ROOT).as_posix()
        for folder in ("app", "settings", "infra", ".github", "examples")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".json", ".bicep", ".yml"}
        and version.search(path.read_text("utf-8"))
    }
    assert places == {"app/openapi/openapi.json", "settings/__init__.py"}
