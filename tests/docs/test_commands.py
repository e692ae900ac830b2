"""The commands of README and docs, typed as written."""

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from settings import Settings
from tests.conftest import azure
from tests.docs.test_settings_documented import names
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess
from tests.support.markdown import LOCAL, PAGES, ROOT, blocks, files, quoted

DEPLOYED = "https://APP_NAME.azurewebsites.net"
KEY = "caller-key-1"

COMMANDS = [line for block in blocks("sh") for line in block.code.splitlines()]
CURLS = [line for line in COMMANDS if line.startswith("curl ")]
EXAMPLE = '"chain": "assistant"'
"""Of the page about graphs, whose test has that chain."""

MAKES = [line for line in COMMANDS if re.match(r"([A-Z_]+=\S+ )*make ", line)]
OF_OTHER_TOOLS = r"(az|azd|docker|func|npm) "
"""What is typed with tools that are not here, and was tried by hand if it could be."""

OTHERS = [line for line in COMMANDS if re.match(OF_OTHER_TOOLS, line)]

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = set(re.findall(r"^(\w+):", MAKEFILE, re.MULTILINE))
VARIABLES = set(re.findall(r"\$\((?:if \$\(|value )?([A-Z]+)\)", MAKEFILE))

# Settings are all that is documented by us; these are devhost's and OpenTelemetry's.
OF_OTHERS = {"PORT", "OTEL_SERVICE_NAME"}


@pytest.fixture(scope="module")
def guarded(standin: StandIn) -> Iterator[AppProcess]:
    """The app with a key, as it is on Azure."""
    with AppProcess(azure(standin, API_KEYS=KEY)) as server:
        server.warm()
        server.client.get("/api/chains", headers={"api-key": KEY})
        yield server


def typed(command: str) -> str:
    """What *command* prints."""
    if not shutil.which("curl"):
        if os.environ.get("CI") == "true":
            pytest.fail("curl is missing")
        pytest.skip("curl is missing")
    curl = [*shlex.split(command), "--silent", "--show-error", "--fail"]
    done = subprocess.run(curl, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def words(command: str) -> tuple[dict[str, str], str, dict[str, str]]:
    """A `make` command: its environment, its target and its variables."""
    before, _, after = command.partition("make ")
    target, *variables = shlex.split(after)
    return assigned(before.split()), target, assigned(variables)


def assigned(pairs: list[str]) -> dict[str, str]:
    """What each `NAME=value` says."""
    return dict(pair.split("=", 1) for pair in pairs)


def test_every_command_is_of_a_kind_that_is_tried() -> None:
    assert sorted(COMMANDS) == sorted(CURLS + MAKES + OTHERS)


@pytest.mark.parametrize("command", [c for c in CURLS if EXAMPLE not in c])
def test_curl_is_answered(
    command: str, offline: AppProcess, guarded: AppProcess
) -> None:
    if "/api/threads/trip" in command:
        offline.chat("Hello", thread_id="trip")
    command = command.replace(LOCAL, offline.url).replace(DEPLOYED, guarded.url)
    if "RUN_ID" in command:
        asked = offline.chat("hello")
        command = command.replace("RUN_ID", asked.headers["x-run-id"])
    answer = typed(re.sub(r"\bKEY\b", KEY, command))
    if "/api/chat/plain" in command:
        assert answer.startswith("No model is configured")
    elif "/api/chat-stream" in command:
        assert "data: [DONE]" in answer
    elif " -N " in command:
        assert "\n\nevent: done\ndata: " in answer
    else:
        assert json.loads(answer)


@pytest.mark.parametrize("command", MAKES)
def test_make_has_the_target_and_the_variables(command: str) -> None:
    _, target, variables = words(command)
    assert target in TARGETS
    assert variables.keys() <= VARIABLES


@pytest.mark.parametrize("command", [line for line in MAKES if words(line)[0]])
def test_the_app_starts_with_the_settings_before_make(
    command: str, tmp_path: Path
) -> None:
    """The pages' own modules are there, as they say to save them."""
    for path, code in files().items():
        if "/" not in path:
            (tmp_path / path).write_text(code, "utf-8")
    environment, _, _ = words(command)
    known = {name for field in Settings.model_fields for name in names(field)}
    assert environment.keys() <= known | OF_OTHERS
    with AppProcess({**environment, "PYTHONPATH": str(tmp_path)}) as server:
        assert server.client.get("/api/chains").status_code == 200


def test_make_in_a_sentence_has_the_target_too() -> None:
    named = {
        target
        for text in PAGES.values()
        for quote in quoted(text)
        for target in re.findall(r"\bmake (\w+)", quote)
    }
    assert named <= TARGETS
