"""Clients that others wrote in Python, run in environments of their own."""

import json
import os
import subprocess
from typing import Any

import pytest

from tests.clients.environments import SCRIPTS, client
from tests.support.app_process import FOREIGN, AppProcess


def run(name: str, server: AppProcess, model: str) -> Any:
    """What `use_NAME.py` tells of *model*."""
    given = {"url": f"{server.url}/openai/v1", "model": model}
    return json.loads(execute(name, str(SCRIPTS / f"use_{name}.py"), json.dumps(given)))


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
    """Skip the test if the client is not installed; in CI it has to be."""
    if not client(name).installed and os.environ.get("CI") != "true":
        pytest.skip(f"{name} is not installed, see `make client-envs`")
