"""Codex CLI over a chain and over a deployment: it answers, edits a file, and fails."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.clients import codex
from tests.standin.process import StandIn
from tests.support.aimock import NODE
from tests.support.app_process import AppProcess

pytestmark = [
    pytest.mark.client("codex"),
    pytest.mark.timeout(150),
    pytest.mark.skipif(not codex.installed(), reason="see `make clients`"),
]

CONFIG = """
model = "{model}"
model_provider = "ours"
approval_policy = "never"
sandbox_mode = "danger-full-access"

[model_providers.ours]
name = "ours"
base_url = "{url}/openai/v1"
env_key = "OURS"
wire_api = "responses"
stream_max_retries = 1

[analytics]
enabled = false
"""
PATCH = """apply_patch <<'END'
*** Begin Patch
*** Update File: greeting.txt
@@
-Hello.
+Hello from a proxied deployment.
*** End Patch
END
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def ask(
    server: AppProcess, folder: Path, question: str, model: str = "gpt-4o"
) -> list[Any]:
    """What Codex tells of its work in *folder*, event by event."""
    home = folder.parent / "home"
    home.mkdir(exist_ok=True)
    (home / "config.toml").write_text(
        CONFIG.format(url=server.url, model=model), "utf-8"
    )
    options = ["exec", "--skip-git-repo-check", "--json", "-C", str(folder)]
    path = f"{NODE.parent}{os.pathsep}{os.environ['PATH']}"
    result = subprocess.run(
        [str(NODE), str(codex.PROGRAM), *options, f"standin:{question}"],
        env={"PATH": path, "HOME": str(home), "CODEX_HOME": str(home), "OURS": "any"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
    )
    return [json.loads(line) for line in result.stdout.splitlines()]


def texts(told: list[Any]) -> list[str]:
    items = [event["item"] for event in told if event["type"] == "item.completed"]
    return [item["text"] for item in items if item["type"] == "agent_message"]


@pytest.mark.tries("stream")
@pytest.mark.parametrize("model", ["chat", "gpt-4o"])
def test_it_answers(app: AppProcess, folder: Path, model: str) -> None:
    told = ask(app, folder, "answer tokens=3", model)
    assert texts(told) == ["tok0 tok1 tok2"]
    assert told[-1]["type"] == "turn.completed"
    assert told[-1]["usage"]["output_tokens"] == 3


@pytest.mark.tries("tools")
def test_it_edits_a_file_as_the_model_says(
    app: AppProcess, standin: StandIn, folder: Path
) -> None:
    greeting = folder / "greeting.txt"
    greeting.write_text("Hello.\n")
    arguments = quote(json.dumps({"cmd": PATCH}), safe="")
    scenario = f"tools tool=exec_command arguments={arguments} tokens=2 tag=codex"
    told = ask(app, folder, scenario)
    assert greeting.read_text() == "Hello from a proxied deployment.\n"
    assert texts(told) == ["tok0 tok1"]
    paths = [request["path"] for request in standin.requests("codex")]
    assert paths == ["/openai/v1/responses"] * 2


@pytest.mark.tries("error")
@pytest.mark.parametrize(
    "question", ["prompt_filtered", "error_event tokens=2", "cut tokens=2"]
)
def test_it_tells_of_an_error(app: AppProcess, folder: Path, question: str) -> None:
    told = ask(app, folder, question)
    assert told[-1]["type"] == "turn.failed"
    assert texts(told) == []
