"""`python -m devhost` as a process of its own, over apps written for the test."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[2]
_PATIENCE_SECONDS = 50


@dataclass
class Devhost:
    process: subprocess.Popen[str]
    banner: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.banner[-1].removeprefix("Listening on ").split()[0]

    def ready(self) -> None:
        """Read on until it listens, again if it has been started again."""
        for line in _stream(self.process.stdout):
            self.banner.append(line.rstrip())
            if line.startswith("Listening on "):
                return
        raise AssertionError(_stream(self.process.stderr).read())

    def log_line(self, containing: str) -> str:
        """The next line of the log with this in it; reads until there is one."""
        for line in _stream(self.process.stderr):
            self.log.append(line.rstrip())
            if containing in line:
                return line.rstrip()
        raise AssertionError(f"no {containing!r} in {self.log}")

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> None:
        self.process.send_signal(number)

    def exit_code(self) -> int:
        self.log += [line.rstrip() for line in _stream(self.process.stderr)]
        return self.process.wait(10)


def environment(**variables: str) -> dict[str, str]:
    """This process's, without what would configure the host."""
    ours = {"PORT", "FUNCTIONS_KEY", "AZURE_FUNCTIONS_ENVIRONMENT"}
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return kept | {"PORT": "0"} | variables


@contextmanager
def running(app_dir: Path, *options: str, **variables: str) -> Iterator[Devhost]:
    """A host that is ready, and is killed at the end where it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "devhost", *options, str(app_dir)],
        cwd=ROOT,
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    # Bounds every read from the process.
    watchdog = threading.Timer(_PATIENCE_SECONDS, process.kill)
    watchdog.start()
    with process:
        try:
            host = Devhost(process)
            host.ready()
            yield host
        finally:
            watchdog.cancel()
            watchdog.join()
            process.kill()


def failing(app_dir: Path, **variables: str) -> tuple[int, str]:
    """The exit code and stderr of a host that cannot start."""
    done = subprocess.run(
        [sys.executable, "-m", "devhost", str(app_dir)],
        cwd=ROOT,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=_PATIENCE_SECONDS,
        check=False,
    )
    assert done.stdout == ""
    return done.returncode, done.stderr


def _stream(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe
