"""Runs `client_driver.mjs` in Node."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.aimock import NODE

DRIVER = Path(__file__).with_name("client_driver.mjs")

Drive = Callable[..., Any]
"""Calls a function of the driver."""


@pytest.fixture(scope="session")
def drive() -> Drive:
    def call(function: str, *given: object) -> Any:
        done = subprocess.run(
            [str(NODE), str(DRIVER)],
            input=json.dumps([function, *given]).encode(),
            capture_output=True,
            timeout=50,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)

    return call
