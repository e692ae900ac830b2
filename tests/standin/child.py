"""A server in a process of its own, which does not outlive this one."""

import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

READY_SECONDS = 30
STOP_SECONDS = 5


class Child:
    """A process that prints `ready URL` once it serves, and ends with its stdin."""

    def __init__(self, command: list[str], *, cwd: Path, quiet: bool = False) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if quiet else None,
            text=True,
        )
        self.url = self._ready()

    @property
    def pid(self) -> int:
        """For who wants to measure it."""
        return self._process.pid

    def stop(self) -> None:
        """End the process; a second time does nothing."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _ready(self) -> str:
        """Its address; a process that does not get there in time is killed."""
        assert self._process.stdout is not None
        late = threading.Timer(READY_SECONDS, self._process.kill)
        late.start()
        line = self._process.stdout.readline()
        late.cancel()
        word, _, url = line.strip().partition(" ")
        if word != "ready":
            self.stop()
            raise RuntimeError(f"It did not start: it said {line!r}")
        return url
