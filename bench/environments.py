"""The environments of other servers, and of the tools that draw: never the app's own.

`python -m bench.environments` makes those that are missing, or whose pins have changed.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
NAMES = ("langserve", "litellm", "sdk_proxy", "tools")


def program(environment: str, name: str = "python") -> str:
    """The path of a program in *environment*."""
    return str(_folder(environment) / "bin" / name)


def installed(environment: str) -> bool:
    """Whether *environment* has what its requirements pin today."""
    done = _done(environment)
    return done.exists() and done.read_text() == requirements(environment).read_text()


def make(environment: str) -> None:
    """Create *environment* anew."""
    pins = requirements(environment)
    print(f"bench: installing {pins.name}", flush=True)
    venv = [sys.executable, "-m", "venv", "--clear", str(_folder(environment))]
    subprocess.run(venv, check=True)
    install = ["-m", "pip", "install", "--quiet", "--requirement", str(pins)]
    subprocess.run([program(environment), *install], check=True)
    _done(environment).write_text(pins.read_text())


def main() -> int:
    failed = []
    for name in NAMES:
        try:
            if not installed(name):
                make(name)
        except subprocess.CalledProcessError:
            failed.append(name)
    if failed:
        print(f"bench: not installed: {', '.join(failed)}", file=sys.stderr)
    return len(failed)


def requirements(environment: str) -> Path:
    """The file that pins *environment*."""
    return HERE / "requirements" / f"{environment}.txt"


def _folder(environment: str) -> Path:
    return HERE / ".envs" / environment


def _done(environment: str) -> Path:
    return _folder(environment) / "installed.txt"


if __name__ == "__main__":
    sys.exit(main())
