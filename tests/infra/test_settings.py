"""Settings have one name: in Bicep, in `Settings` and in the example file."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from settings import Settings
from settings.storage_account import StorageAccount
from tests.docs.test_settings_documented import EXAMPLE, names
from tests.infra.bicep import parse, properties, walk
from tests.infra.test_bicep import TEXTS
from tests.support.app_process import ROOT

OF_THE_HOST = {
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "AZURE_CLIENT_ID",
    "AzureWebJobsDisableHomepage",
    "FUNCTIONS_WORKER_RUNTIME",
}
"""What the host and Azure's libraries read, beside the fields of `StorageAccount`."""

NEEDED = {
    "AZURE_EVENTHUB_NAME",
    "AZURE_EVENTHUB_NAMESPACE",
    "AZURE_OPENAI_BACKENDS",
    "AZURE_OPENAI_DEPLOYMENT",
    "AZURE_OPENAI_ENDPOINT",
    "BUDGETS",
    "HTTP_AUTH_LEVEL",
    "PRICES",
    "STORE",
    "TELEMETRY_CONTENT",
}
"""What a deployment has to say; every other setting's default is right on Azure."""

REFUSED_BY_FLEX = {
    "ENABLE_ORYX_BUILD",
    "FUNCTIONS_EXTENSION_VERSION",
    "SCM_DO_BUILD_DURING_DEPLOYMENT",
    "WEBSITE_RUN_FROM_PACKAGE",
}


def written() -> set[str]:
    """The names of settings in Bicep: keys that are upper case or the host's own."""
    keys = {
        key
        for text in TEXTS.values()
        for node in walk(parse(text))
        if node.type == "object"
        for key, _ in properties(node)
    }
    return {
        key for key in keys if re.fullmatch(r"[A-Z]+(_[A-Z]+)*|AzureWebJobs\w+", key)
    }


def test_bicep_sets_what_a_deployment_needs_and_what_somebody_reads() -> None:
    storage = {
        str(field.validation_alias) for field in StorageAccount.model_fields.values()
    }
    assert written() - storage - OF_THE_HOST == NEEDED
    assert written() >= OF_THE_HOST
    known = {names(field)[0] for field in Settings.model_fields}
    assert known & EXAMPLE["Values"].keys() >= NEEDED
    assert not written() & REFUSED_BY_FLEX


def test_outputs_are_settings_of_the_local_file(tmp_path: Path) -> None:
    """As `azd` runs the hook: all of its environment's values are variables."""
    (tmp_path / "infra").mkdir()
    for name in ("infra/local_settings.py", "local.settings.json.example"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    given = {"AZURE_OPENAI_ENDPOINT": "https://x.openai.azure.com/"}
    for _ in range(2):
        subprocess.run(
            [sys.executable, "infra/local_settings.py"],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], **given},
            timeout=30,
            check=True,
        )
        file = json.loads((tmp_path / "local.settings.json").read_text("utf-8"))
        assert file == {**EXAMPLE, "Values": {**EXAMPLE["Values"], **given}}


@pytest.mark.parametrize("name", ["AZURE_OPENAI_BACKENDS", "AZURE_EVENTHUB_NAMESPACE"])
def test_each_setting_of_the_hook_is_an_output(name: str) -> None:
    hook = (ROOT / "infra/local_settings.py").read_text("utf-8")
    outputs = re.findall(r"^output (\w+)", TEXTS[ROOT / "infra/main.bicep"], re.M)
    listed = re.findall(r'^    "([A-Z_]+)",$', hook, re.MULTILINE)
    assert name in listed
    assert set(listed) <= set(outputs)
