"""Clients that others wrote in Python, run in environments of their own."""

import json
import os
import subprocess
from typing import Any

import pytest

from tests.clients.environments import LARGE, SCRIPTS, client
from tests.support.app_process import FOREIGN, AppProcess


def run(
    name: str, server: AppProcess, model: str, *, seconds: float = 50, **more: Any
) -> Any:
    """What `use_NAME.py` tells of *model*."""
    given = {"url": f"{server.url}/openai/v1", "model": model, **more}
    script = str(SCRIPTS / f"use_{name}.py")
    return json.loads(execute(name, script, json.dumps(given), seconds=seconds))


def execute(name: str, *arguments: str, seconds: float = 50, **environment: str) -> str:
    """What the Python of the client *name* prints."""
    require(name)
    inherited = {k: v for k, v in os.environ.items() if not FOREIGN.match(k)}
    result = subprocess.run(
        [client(name).program(), *arguments],
        capture_output=True,
        cwd=SCRIPTS,
        env={**inherited, **environment, "PYTHONDONTWRITEBYTECODE": ""},
        timeout=seconds,
        check=False,
    )
    assert result.returncode == 0, (result.stdout + result.stderr).decode()
    return result.stdout.decode()


def require(name: str) -> None:
    """Skip the test if the client is not installed; in CI a small one has to be."""
    needed = os.environ.get("CI") == "true" and name not in LARGE
    if not (client(name).installed or needed):
        command = "clients" if name in LARGE else "client-envs"
        pytest.skip(f"{name} is not installed, see `make {command}`")
