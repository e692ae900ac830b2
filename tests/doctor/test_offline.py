"""Each trap that files and settings can be in, and what the doctor says of it."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app import health
from app.invocation import Route
from app.stream_check import stream_check
from doctor import configuration, installation
from doctor.__main__ import main, offline
from doctor.app import Installation, read
from doctor.findings import Finding
from tests.support.app_process import ROOT

AZURE = {
    "AZURE_OPENAI_ENDPOINT": "https://name.openai.azure.com",
    "AZURE_OPENAI_DEPLOYMENT": "gpt-4o",
    "AZURE_OPENAI_API_KEY": "the-secret-key",
}
BACKENDS = [
    {"endpoint": "https://one.example", "deployment": "ptu", "api_key": "the-secret"},
    {"endpoint": "https://two.example:8443", "deployment": "gpt-4o"},
]
HUB = "Endpoint=sb://n.servicebus.windows.net/;SharedAccessKeyName=n;SharedAccessKey="


def found(folder: Path, name: str, **environ: str) -> tuple[str, str]:
    """The level and text of what the check *name* finds."""
    os.environ.update(environ)
    for finding in offline(read(folder)):
        if finding.name == name:
            return finding.level, finding.text
    raise AssertionError(f"there is no finding {name!r}")


def host_json(folder: Path, **fields: Any) -> None:
    known = json.loads((ROOT / "host.json").read_text("utf-8"))
    (folder / "host.json").write_text(json.dumps(known | fields), "utf-8")


def test_all_is_well_with_this_project_and_a_model(folder: Path) -> None:
    os.environ.update(AZURE)
    assert [each for each in offline(read(folder)) if each.level != "ok"] == []


def test_each_check_finds_one_thing_under_a_name_of_its_own(folder: Path) -> None:
    names = [finding.name for finding in offline(read(folder))]
    assert len(names) == len(set(names))
    checks = (*installation.CHECKS, *configuration.CHECKS, *configuration.OF_SETTINGS)
    assert len(names) == len(checks)


def test_another_python(folder: Path) -> None:
    (folder / ".python-version").write_text("3.9\n")
    level, text = found(folder, "python")
    assert (level, "use 3.9" in text) == ("problem", True)


@pytest.mark.parametrize(
    ("python", "environ", "level"),
    [
        ((3, 13), {}, "ok"),
        ((3, 12), {}, "problem"),
        ((3, 12), {"PYTHON_ENABLE_INIT_INDEXING": "1"}, "ok"),
    ],
)
def test_init_indexing_is_needed_before_3_13(
    folder: Path, python: tuple[int, int], environ: dict[str, str], level: str
) -> None:
    app = replace(read(folder), python=python, environ=environ)
    assert installation.indexing(app).level == level


@pytest.mark.parametrize(
    ("requirements", "level", "says"),
    [
        ("uvicorn==0.0.1\n", "warning", "not 0.0.1"),
        ("no-such-package==1\nuvicorn==0.0.1", "warning", "uvicorn"),
        ("", "ok", "langchain-core"),
    ],
)
def test_packages_that_are_not_those_pinned(
    folder: Path, requirements: str, level: str, says: str
) -> None:
    (folder / "requirements.txt").write_text(requirements)
    assert found(folder, "packages")[0] == level
    assert says in found(folder, "packages")[1]


@pytest.mark.parametrize(
    ("missing", "level"), [("openai", "problem"), ("uvloop", "warning")]
)
def test_packages_that_are_missing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, missing: str, level: str
) -> None:
    there = dict(health.packages())
    del there[missing]
    monkeypatch.setattr(health, "packages", lambda: there)
    finding = installation.packages(read(folder))
    assert (finding.level, missing in finding.text) == (level, True)


def test_the_extension_is_not_installed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation, "find_spec", lambda name: None)
    assert installation.extension(read(folder)).level == "problem"


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("host.json", "{", "host.json:1"),
        ("local.settings.json", '{"Values": ', "local.settings.json:1"),
        ("local.settings.json", '{"IsEncrypted": true}', "func settings decrypt"),
    ],
)
def test_files_that_cannot_be_read(
    folder: Path, file: str, content: str, says: str
) -> None:
    (folder / file).write_text(content)
    level, text = found(folder, "files")
    assert (level, says in text) == ("problem", True)


def test_no_host_json(folder: Path) -> None:
    (folder / "host.json").unlink()
    assert found(folder, "files")[0] == "problem"


def test_a_route_prefix(folder: Path) -> None:
    host_json(folder, extensions={})
    assert found(folder, "route prefix")[0] == "problem"


@pytest.mark.parametrize("value", [None, [], "4", {"http": None}])
def test_a_section_that_is_no_object(folder: Path, value: object) -> None:
    host_json(folder, extensions=value, extensionBundle=value)
    assert found(folder, "route prefix")[0] == "problem"
    assert found(folder, "extension bundle")[0] == "warning"


def test_an_old_extension_bundle(folder: Path) -> None:
    host_json(folder, extensionBundle={"version": "[2.*, 3.0.0)"})
    assert found(folder, "extension bundle")[0] == "warning"


@pytest.mark.parametrize(
    ("given", "level"),
    [
        ("00:05:00", "ok"),
        ("-1", "ok"),
        ("1.00:00:00", "ok"),
        ("00:04:45", "problem"),
        ("five minutes", "problem"),
    ],
)
def test_a_function_timeout_before_the_deadline(
    folder: Path, given: str, level: str
) -> None:
    host_json(folder, functionTimeout=given)
    assert found(folder, "function timeout")[0] == level


@pytest.mark.parametrize(
    ("path", "level"),
    [
        ("docs", "problem"),
        ("openapi.json", "problem"),
        ("redoc/x", "problem"),
        ("api/docs", "ok"),
    ],
)
def test_a_route_that_the_workers_own_pages_shadow(path: str, level: str) -> None:
    route = Route("page", path, stream_check, "A page")
    assert installation.shadowed([route]).level == level


def test_a_handler_that_does_not_take_the_extensions_request(folder: Path) -> None:
    source = "import azure.functions as func\ndef f(req: func.HttpRequest): ..."
    (folder / "function_app.py").write_text(source)
    level, text = found(folder, "handlers")
    assert (level, "function_app.py:2" in text) == ("problem", True)


@pytest.mark.parametrize(
    ("name", "environ", "level", "says"),
    [
        ("settings", {"MAX_MESSAGES": "no"}, "problem", "MAX_MESSAGES"),
        ("settings", {"CHAT_CHAIN": "nope"}, "problem", "'nope'"),
        ("names", {"AZURE_OPENAI_ENDPONT": "x"}, "warning", "AZURE_OPENAI_ENDPOINT?"),
        ("names", {"API_KEY": "x"}, "warning", "API_KEYS?"),
        ("names", {"OPENAI_API_TYPE": "azure"}, "ok", ""),
        ("model", {}, "warning", "AZURE_OPENAI_ENDPOINT"),
        (
            "model",
            {"OPENAI_BASE_URL": "http://x", "OPENAI_MODEL": "m"},
            "ok",
            "m at OPENAI_BASE_URL",
        ),
        ("model", AZURE, "ok", "gpt-4o at Azure OpenAI"),
        (
            "model",
            {"AZURE_OPENAI_BACKENDS": json.dumps(BACKENDS)},
            "ok",
            "2 of AZURE_OPENAI_BACKENDS: ptu at one.example:443, "
            "gpt-4o at two.example:8443",
        ),
        (
            "synonyms",
            {"OPENAI_API_VERSION": "2024-02-01", "AZURE_OPENAI_API_VERSION": "v1"},
            "warning",
            "AZURE_OPENAI_API_VERSION counts, OPENAI_API_VERSION does not: unset it",
        ),
        (
            "synonyms",
            {**AZURE, "AZURE_OPENAI_MODEL": "the-secret-key"},
            "warning",
            "AZURE_OPENAI_DEPLOYMENT counts, AZURE_OPENAI_MODEL does not: unset it",
        ),
        (
            "synonyms",
            {**AZURE, "AZURE_OPENAI_MODEL": "gpt-4o", "OPENAI_API_VERSION": " "},
            "ok",
            "",
        ),
        (
            "names",
            {"AZURE_OPENAI_ENDPONT": "x", "MAX_MESAGES": "5"},
            "warning",
            "MAX_MESAGES is no setting: did you mean MAX_MESSAGES?",
        ),
        ("event hub", {"AZURE_EVENTHUB_CONN_STR": ""}, "ok", "is blank"),
        (
            "event hub",
            {"AZURE_EVENTHUB_CONN_STR": f"{HUB}the-secret-key;EntityPath=runs"},
            "ok",
            "runs, with a connection string",
        ),
        (
            "settings",
            {"AZURE_EVENTHUB_CONN_STR": f"{HUB}the-secret-key"},
            "problem",
            "AZURE_EVENTHUB_NAME is missing",
        ),
        ("callers", {"HTTP_AUTH_LEVEL": "anonymous"}, "warning", "anyone may call"),
        ("callers", {"API_KEYS": "the-secret-key"}, "ok", "1 API_KEYS"),
        ("silence", {"KEEPALIVE_SECONDS": "230"}, "problem", "230"),
        ("limits", {"STALL_TIMEOUT_SECONDS": "280"}, "warning", "is never reached"),
        (
            "limits",
            {"FIRST_TOKEN_TIMEOUT_SECONDS": "250"},
            "warning",
            "after 220 seconds",
        ),
        ("journal", {"TELEMETRY_PATH": "/home/data"}, "warning", "network share"),
        ("tracing", {"LANGSMITH_TRACING": "true"}, "warning", "LangSmith"),
    ],
)
def test_a_trap_in_the_settings(
    folder: Path, name: str, environ: dict[str, str], level: str, says: str
) -> None:
    finding = found(folder, name, **environ)
    assert (finding[0], says in finding[1]) == (level, True), finding


def test_settings_come_from_the_local_file_too(folder: Path) -> None:
    values = {"MAX_MESAGES": "5", "KEEPALIVE_SECONDS": "500"}
    (folder / "local.settings.json").write_text(json.dumps({"Values": values}))
    assert found(folder, "names")[1] == (
        "MAX_MESAGES is no setting: did you mean MAX_MESSAGES?"
    )
    assert found(folder, "silence")[0] == "problem"


@pytest.mark.parametrize(("environ", "code"), [(AZURE, 0), ({"MAX_MESSAGES": "x"}, 1)])
def test_it_prints_a_line_a_check_and_no_secret(
    folder: Path, environ: dict[str, str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    os.environ.update(environ, API_KEYS="the-secret-key")
    assert main(["--app-dir", str(folder)]) == code
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} <= {
        "ok",
        "warning",
        "problem",
        "skipped",
    }
    assert "the-secret-key" not in "\n".join(lines)


def test_each_check_says_what_it_holds() -> None:
    checks: list[Callable[[Installation], Finding]] = list(installation.CHECKS)
    assert all(check.__doc__ for check in (*checks, *configuration.OF_SETTINGS))
