"""An environment of its own for software that is no part of the app."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Environment:
    """What `requirements/NAME.txt` in *home* pins, installed in its `.envs`."""

    home: Path
    name: str

    @property
    def requirements(self) -> Path:
        return self.home / "requirements" / f"{self.name}.txt"

    @property
    def folder(self) -> Path:
        return self.home / ".envs" / self.name

    def program(self, name: str = "python") -> str:
        """The path of a program in it."""
        return str(self.folder / "bin" / name)

    @property
    def installed(self) -> bool:
        """Whether it has what its requirements pin today."""
        pins = self.requirements.read_text()
        return self._done.exists() and self._done.read_text() == pins

    def make(self, *options: str) -> None:
        """Create it anew, with *options* for pip; everything is pinned."""
        venv = [sys.executable, "-m", "venv", "--clear", "--without-pip"]
        subprocess.run([*venv, str(self.folder)], check=True)
        pip = [sys.executable, "-m", "pip", "--python", self.program(), "install"]
        given = ["--quiet", "--no-deps", "--requirement", str(self.requirements)]
        subprocess.run([*pip, *given, *options], check=True)
        self._done.write_text(self.requirements.read_text())

    @property
    def _done(self) -> Path:
        return self.folder / "installed.txt"
