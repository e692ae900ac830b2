"""The Dockerfile, as far as it can be tried without an engine."""

import re
from pathlib import Path

import pytest
from pathspec import GitIgnoreSpec

from app.routes import ROUTES
from tests.support.app_process import ROOT
from tests.support.copied_tree import tracked
from tests.support.package import packaged

TEXT = (ROOT / "Dockerfile").read_text("utf-8")
INSTRUCTIONS = [
    tuple(line.split(maxsplit=1))
    for line in re.sub(r"\\\n\s*", "", TEXT).splitlines()
    if line and not line.startswith("#")
]
KNOWN = {"FROM", "ENV", "COPY", "RUN"}


def of(kind: str) -> list[str]:
    return [rest for name, rest in INSTRUCTIONS if name == kind]


def test_every_instruction_is_known() -> None:
    assert {name for name, _ in INSTRUCTIONS} == KNOWN
    assert INSTRUCTIONS[0][0] == "FROM"


def test_the_image_is_microsofts_for_the_python_of_this_app() -> None:
    version = (ROOT / ".python-version").read_text("utf-8").strip()
    assert of("FROM") == [f"mcr.microsoft.com/azure-functions/python:4-python{version}"]


def test_what_is_copied_exists() -> None:
    sources = [source for each in of("COPY") for source in each.split()[:-1]]
    assert sources == ["requirements.txt", "."]
    assert all((ROOT / source).exists() for source in sources)


def test_what_is_installed_is_what_was_copied() -> None:
    [command] = of("RUN")
    assert command.split()[:2] == ["pip", "install"]
    assert command.split()[-1] == "/requirements.txt"
    assert of("COPY")[0].split()[-1] == "/"


def test_the_image_has_the_files_of_the_package(tmp_path: Path) -> None:
    """As an engine would copy them: `**/` is any folder, and the last line wins."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    ignored = GitIgnoreSpec.from_lines(lines)
    copied = sorted(name for name in tracked() if not ignored.match_file(name))
    assert copied == packaged()


@pytest.mark.parametrize("name", ["AzureWebJobsDisableHomepage"])
def test_the_host_finds_the_app_where_it_was_copied(name: str) -> None:
    [assignments] = of("ENV")
    environment = dict(pair.split("=", 1) for pair in assignments.split())
    assert environment[name] == "true"
    assert environment["AzureWebJobsScriptRoot"] == of("COPY")[1].split()[-1]


def test_the_probes_are_of_routes_that_need_no_key() -> None:
    bicep = (ROOT / "infra/containerapp.bicep").read_text("utf-8")
    paths = set(re.findall(r"httpGet: \{ path: '([^']+)'", bicep))
    anonymous = {f"/{route.path}" for route in ROUTES if route.anonymous}
    assert paths == {"/api/health"}
    assert paths <= anonymous


def test_a_chain_that_cannot_answer_restarts_no_container() -> None:
    bicep = (ROOT / "infra/containerapp.bicep").read_text("utf-8")
    [liveness] = re.findall(r"type: 'Liveness', (\w+):", bicep)
    assert liveness == "tcpSocket"
