"""The environments of other servers, and of the tools that draw: never the app's own.

`python -m bench.environments` makes those that are missing, or whose pins have changed.
"""

import subprocess
import sys
from pathlib import Path

from tests.support.environment import Environment

NAMES = ("langserve", "litellm", "sdk_proxy", "tools")


def program(environment: str, name: str = "python") -> str:
    """The path of a program in *environment*."""
    return _named(environment).program(name)


def installed(environment: str) -> bool:
    """Whether *environment* has what its requirements pin today."""
    return _named(environment).installed


def main() -> int:
    failed = []
    for name in NAMES:
        try:
            if not installed(name):
                print(f"bench: installing {requirements(name).name}", flush=True)
                _named(name).make()
        except subprocess.CalledProcessError:
            failed.append(name)
    if failed:
        print(f"bench: not installed: {', '.join(failed)}", file=sys.stderr)
    return len(failed)


def requirements(environment: str) -> Path:
    """The file that pins *environment*."""
    return _named(environment).requirements


def _named(environment: str) -> Environment:
    return Environment(Path(__file__).parent, environment)


if __name__ == "__main__":
    sys.exit(main())
