"""The tables of docs, the example settings and the changelog say what the code says."""

import json
import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic_core import PydanticUndefined

import settings
from settings import Settings
from streaming import events, upstream_errors
from streaming.errors import ChatError
from tests.support.markdown import PAGES, ROOT, quoted, table

EXAMPLE = json.loads((ROOT / "local.settings.json.example").read_text("utf-8"))

# What the host reads, and this project does not.
OF_THE_HOST = {"FUNCTIONS_WORKER_RUNTIME": "python", "AzureWebJobsStorage": ""}

# What the pages say that libraries read.
OF_LIBRARIES = {
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "LANGSMITH_TRACING",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_RESOURCE_ATTRIBUTES",
    "OTEL_TRACES_SAMPLER",
}

# What `azd` hands to Bicep as parameters.
OF_AZD = set(
    re.findall(
        r"\$\{([A-Z_]+)", (ROOT / "infra/main.parameters.json").read_text("utf-8")
    )
)

# What `make run` reads, and what it prints in the place of a key.
OF_DEVELOPMENT = {"FUNCTIONS_KEY", "YOUR_KEY", "RUN_ID"}

# They name events of AG-UI, and settings of other people's frontends.
NAMED_ALIKE = ("docs/ag-ui.md", "docs/frontends.md")

# Events of AG-UI.
OF_EVENTS = {"RUN_ERROR", "RUN_FINISHED"}


def names(name: str) -> list[str]:
    """A setting's name, then its synonyms."""
    alias = Settings.model_fields[name].validation_alias
    return [str(choice) for choice in getattr(alias, "choices", [name.upper()])]


def default(name: str) -> str:
    """A setting's default as it is written in the environment; blank is unset."""
    value: Any = Settings.model_fields[name].default
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None or value is PydanticUndefined else str(value)


def test_the_table_has_every_setting_with_its_synonyms_and_default() -> None:
    documented = {
        tuple(quoted(cells[0])): cells[1].strip("`")
        for cells in table("Settings", PAGES["docs/settings.md"])
    }
    assert documented == {
        tuple(names(name)): default(name) for name in Settings.model_fields
    }


def test_every_setting_that_a_page_names_exists() -> None:
    known = {name for field in Settings.model_fields for name in names(field)}
    named = {
        name
        for page, text in PAGES.items()
        if page not in NAMED_ALIKE
        for quote in quoted(text)
        for name in re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", quote)
    }
    assert named - known - OF_AZD == OF_LIBRARIES | OF_DEVELOPMENT | OF_EVENTS


def test_the_example_settings_have_every_setting_with_its_default() -> None:
    expected = {names(name)[0]: default(name) for name in Settings.model_fields}
    expected["AZURE_FUNCTIONS_ENVIRONMENT"] = "Development"
    assert EXAMPLE["Values"] == {**OF_THE_HOST, **expected}


def test_the_example_settings_are_what_core_tools_read() -> None:
    assert EXAMPLE["IsEncrypted"] is False
    assert all(isinstance(value, str) for value in EXAMPLE["Values"].values())
    assert set(EXAMPLE["Host"]) == {"LocalHttpPort", "CORS"}


def test_the_example_settings_are_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        for synonym in names(name):
            monkeypatch.delenv(synonym, raising=False)
    defaults = settings.load()
    for name, value in EXAMPLE["Values"].items():
        monkeypatch.setenv(name, value)
    local = {"azure_functions_environment": "Development"}
    assert settings.load() == defaults.model_copy(update=local)


def test_the_table_has_every_error_with_its_status() -> None:
    def kinds(kind: type[ChatError]) -> Iterator[type[ChatError]]:
        yield kind
        for child in kind.__subclasses__():
            yield from kinds(child)

    modules = (ChatError.__module__, upstream_errors.__name__)
    ours = {each for each in kinds(ChatError) if each.__module__ in modules}
    rows = table("Error codes", PAGES["docs/errors.md"])
    assert {tuple(cells[:3]) for cells in rows} == {
        (f"`{each.code}`", str(each.status), "yes" if each.retryable else "no")
        for each in ours
    }


def test_the_table_has_every_finish_reason() -> None:
    rows = table("How a stream ends: finish_reason", PAGES["docs/streams.md"])
    documented = [row[0] for row in rows]
    reasons = get_args(events.FinishReason)
    assert documented == [f"`{reason}`" for reason in reasons]
