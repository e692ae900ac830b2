"""Clients of other people in Python, each in an environment of its own.

`python -m tests.clients.environments` makes those that are missing, or whose pins have
changed.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import CalledProcessError

from tests.support.environment import Environment

HERE = Path(__file__).parent
SCRIPTS = HERE / "scripts"

PACKAGES = {
    "openai_agents": "openai-agents",
    "instructor": "instructor",
    "pydantic_ai": "pydantic-ai-slim",
    "langchain_tests": "langchain-tests",
}


LARGE = {"litellm": "litellm"}
"""Those that take more than 200 MB: only `make clients` installs them."""


def client(name: str) -> Environment:
    return Environment(HERE, name)


def version(name: str) -> str:
    """The version of the client that is pinned."""
    pins = client(name).requirements.read_text().splitlines()
    package = {**PACKAGES, **LARGE}[name]
    [pin] = [pin for pin in pins if pin.startswith(f"{package}==")]
    return pin.partition("==")[2]


def make(name: str) -> None:
    """Create the environment of *name* anew."""
    print(f"clients: installing {name}", flush=True)
    # A client imports a small part of what it installs.
    client(name).make("--no-compile")


def main() -> int:
    missing = [name for name in PACKAGES if not client(name).installed]
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(_attempted, missing))
    return made.count(False)


def _attempted(name: str) -> bool:
    try:
        make(name)
    except CalledProcessError:
        print(f"clients: {name} is not installed", file=sys.stderr)
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
