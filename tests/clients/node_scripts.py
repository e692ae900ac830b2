"""Clients that others wrote, run by Node: scripts in `tests/node/clients`."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.support.aimock import NODE, PACKAGE

SCRIPTS = PACKAGE / "clients"


def run(script: str, **given: Any) -> Any:
    """What *script* tells of what it is *given*."""
    result = subprocess.run(
        [str(NODE), str(SCRIPTS / script), json.dumps(given)],
        capture_output=True,
        timeout=40,
        check=False,
    )
    assert result.returncode == 0, result.stderr.decode()
    return json.loads(result.stdout)


def bundle(page: Path, script: Path) -> None:
    """Write *page* with all that it imports to *script*."""
    command = [str(NODE), str(SCRIPTS / "bundle.mjs"), str(page), str(script)]
    subprocess.run(command, timeout=40, check=True)
