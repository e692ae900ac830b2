"""A Function App as a process of its own, on the real runtime."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.errors import BenchError
from devhost import config

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 30
STOP_SECONDS = 10
LOG_SHOWN = 2000

# Anything else a shell may have set, a proxy or LangSmith's tracing, would be measured.
_KEPT = ("HOME", "LANG", "LD_LIBRARY_PATH", "PATH", "TMPDIR", "VIRTUAL_ENV")

_LISTENING = re.compile(r"Listening on http://127\.0\.0\.1:(\d+)")


@dataclass(frozen=True, slots=True)
class Server:
    """A running app and what the kernel knows of its process."""

    pid: int
    port: int
    log: Path

    def cpu_seconds(self) -> float:
        """User and system time that the process has used so far."""
        stat = Path(f"/proc/{self.pid}/stat").read_text()
        # The name in parentheses may hold blanks; 14 and 15 are utime and stime.
        # See: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_bytes(self) -> int:
        """Memory that the process holds at this moment."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


def tail(log: Path) -> str:
    """The end of what a server has said."""
    return log.read_text(errors="replace")[-LOG_SHOWN:]


@contextmanager
def serve(app_dir: Path, environment: Mapping[str, str]) -> Iterator[Server]:
    """Run the app in *app_dir*, with nothing set but *environment*, until left."""
    env = {name: os.environ[name] for name in _KEPT if name in os.environ}
    # A blank setting counts as unset, and wins over the developer's own.
    env |= dict.fromkeys(config.load(app_dir, {}).settings, "")
    env |= {"PORT": "0", **environment}
    command = [sys.executable, "-m", "devhost", str(app_dir)]
    # Not a pipe: nobody would empty it while the server logs.
    with tempfile.NamedTemporaryFile() as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            log = Path(output.name)
            yield Server(process.pid, _port(process, log), log)
        finally:
            _stop(process)


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if listening := _LISTENING.search(log.read_text()):
            return int(listening[1])
        time.sleep(0.05)
    raise BenchError(f"{process.args!r} did not start:\n{tail(log)}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
