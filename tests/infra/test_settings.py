"""Settings have one name: in Bicep, in `Settings` and in the example file."""

import json
import re

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


def test_json_reaches_the_settings_without_azds_substitution() -> None:
    """It puts a value between the quotation marks of a parameter, as it is."""
    parameters = (ROOT / "infra/main.parameters.json").read_text("utf-8")
    assert not re.search(r"\$\{(PRICES|BUDGETS)\b", parameters)
    bicep = TEXTS[ROOT / "infra/main.bicep"]
    for name in ("prices", "budgets"):
        file = ROOT / "infra" / f"{name}.json"
        assert json.loads(file.read_text("utf-8")) == {}
        assert f"loadTextContent('{file.name}')" in bicep


def test_bicep_sets_what_a_deployment_needs_and_what_somebody_reads() -> None:
    storage = {
        str(field.validation_alias) for field in StorageAccount.model_fields.values()
    }
    assert written() - storage - OF_THE_HOST == NEEDED
    assert written() >= OF_THE_HOST
    known = {names(field)[0] for field in Settings.model_fields}
    assert known & EXAMPLE["Values"].keys() >= NEEDED
    assert not written() & REFUSED_BY_FLEX
