"""The hook of `azd`: what it writes into the settings of a developer, and what not."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from infra.local_settings import GROUPS
from tests.docs.test_settings_documented import EXAMPLE, names
from tests.infra.test_bicep import TEXTS
from tests.support.app_process import ROOT

ENDPOINT = "https://x.openai.azure.com/"
MODEL = {"AZURE_OPENAI_ENDPOINT": ENDPOINT, "AZURE_OPENAI_DEPLOYMENT": "gpt-4o"}
HUB = {
    "AZURE_EVENTHUB_NAMESPACE": "x.servicebus.windows.net",
    "AZURE_EVENTHUB_NAME": "runs",
}
NAMED = "azd's AZURE_OPENAI_ENDPOINT, AZURE_OPENAI_DEPLOYMENT"
ASKED = "env get-values --output json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "infra").mkdir()
    for name in ("infra/local_settings.py", "local.settings.json.example"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    return tmp_path


def hook(folder: Path, given: Mapping[str, str] | str, **shell: str) -> str:
    """What the hook prints, if `azd` has these values, or prints that text."""
    azd = folder / "bin/azd"
    azd.parent.mkdir(exist_ok=True)
    text = given if isinstance(given, str) else json.dumps(given)
    (folder / "values").write_text(text, "utf-8")
    azd.write_text(f'#!/bin/sh\ntest "$*" = "{ASKED}" && cat "{folder}/values"\n')
    azd.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "infra/local_settings.py"],
        cwd=folder,
        env={"PATH": f"{azd.parent}:{os.environ['PATH']}", **shell},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.stdout + done.stderr


def values(folder: Path) -> dict[str, str]:
    file = json.loads((folder / "local.settings.json").read_text("utf-8"))
    return dict(file["Values"])


def write(folder: Path, **own: str) -> str:
    text = json.dumps({"Values": own, "Host": {"CORS": "*"}})
    (folder / "local.settings.json").write_text(text, "utf-8")
    return text


def test_a_fresh_clone_gets_the_example_with_what_azd_has(folder: Path) -> None:
    for _ in range(2):
        printed = hook(folder, {**MODEL, "AZURE_OPENAI_BACKENDS": ""})
        file = json.loads((folder / "local.settings.json").read_text("utf-8"))
        assert file == {**EXAMPLE, "Values": {**EXAMPLE["Values"], **MODEL}}
    assert printed == "local.settings.json was left as it is\n"


def test_it_names_what_it_wrote_and_shows_no_value(folder: Path) -> None:
    printed = hook(folder, {**MODEL, **HUB, "SECRET": "the-secret"})
    assert printed == (
        f"local.settings.json has {NAMED}\n"
        "local.settings.json has azd's AZURE_EVENTHUB_NAMESPACE, AZURE_EVENTHUB_NAME\n"
    )
    assert "SECRET" not in values(folder)


def test_what_azd_does_not_give_stays_as_it_was(folder: Path) -> None:
    before = write(folder, **HUB, SYSTEM_PROMPT="Be brief.")
    for given in ({}, dict.fromkeys([*MODEL, *HUB], "")):
        assert hook(folder, given) == "local.settings.json was left as it is\n"
        assert (folder / "local.settings.json").read_text("utf-8") == before
    hook(folder, MODEL)
    assert values(folder) == {**HUB, "SYSTEM_PROMPT": "Be brief.", **MODEL}


@pytest.mark.parametrize(
    "own",
    [
        {"AZURE_OPENAI_ENDPOINT": "https://mine.openai.azure.com"},
        {"AZURE_OPENAI_BASE_URL": "https://mine.openai.azure.com"},
        {"AZURE_OPENAI_BACKENDS": "[{}]"},
        {"OPENAI_BASE_URL": "http://127.0.0.1:11434/v1", "OPENAI_MODEL": "llama3.2"},
    ],
)
def test_a_developers_own_model_is_kept_whole(
    folder: Path, own: Mapping[str, str]
) -> None:
    """With half of azd's the app would not start."""
    write(folder, **own)
    printed = hook(folder, {**MODEL, **HUB})
    assert values(folder) == {**own, **HUB}
    assert f"keeps its {next(iter(own))}: blank that to have {NAMED}" in printed


def test_what_the_shell_has_set_is_not_what_azd_has(folder: Path) -> None:
    assert hook(folder, {}, **MODEL) == "local.settings.json was left as it is\n"
    assert not (folder / "local.settings.json").exists()


@pytest.mark.parametrize("given", ["", "ERROR: no project exists", "[1"])
def test_without_an_answer_of_azd_nothing_is_written(folder: Path, given: str) -> None:
    assert f"azd {ASKED} failed" in hook(folder, given)
    assert not (folder / "local.settings.json").exists()


@pytest.mark.parametrize("text", ["{", "", "{'Values': {}}", "[]", '{"Values": null}'])
def test_a_file_that_holds_no_settings_is_left_as_it_is(
    folder: Path, text: str
) -> None:
    (folder / "local.settings.json").write_text(text, "utf-8")
    told = "local.settings.json holds no JSON settings, and was left as it is\n"
    assert hook(folder, MODEL) == told
    assert (folder / "local.settings.json").read_text("utf-8") == text


def test_a_byte_order_mark_is_read_over(folder: Path) -> None:
    before = write(folder, SYSTEM_PROMPT="Be brief.")
    (folder / "local.settings.json").write_text(f"\ufeff{before}", "utf-8")
    hook(folder, MODEL)
    assert values(folder) == {"SYSTEM_PROMPT": "Be brief.", **MODEL}


def test_a_deployment_does_not_fail_with_the_hook() -> None:
    hooks = yaml.safe_load((ROOT / "azure.yaml").read_text("utf-8"))["hooks"]
    for each in hooks["postprovision"].values():
        assert each["continueOnError"] is True


def test_what_it_writes_are_outputs_and_what_excludes_them_settings() -> None:
    outputs = re.findall(r"^output (\w+)", TEXTS[ROOT / "infra/main.bicep"], re.M)
    assert {name for group in GROUPS for name in group.outputs} <= {*outputs}
    models, hub = GROUPS
    endpoints = {*names("azure_openai_endpoint"), *names("openai_base_url")}
    assert endpoints <= {*models.outputs, *models.rivals}
    assert hub.rivals == ("AZURE_EVENTHUB_CONN_STR",)
