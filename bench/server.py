"""A contender's server, a process of its own; and its processor, read around a load."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench import clock, process_tree
from bench.contenders import ROOT, THIS, Contender
from bench.errors import BenchError
from devhost import config

START_SECONDS = 120
STOP_SECONDS = 10
SETTLE_SECONDS = 20
LOG_SHOWN = 2000

# Anything else a shell may have set, a proxy or LangSmith's tracing, would be measured.
_KEPT = ("HOME", "LANG", "LD_LIBRARY_PATH", "PATH", "TMPDIR", "VIRTUAL_ENV")


@dataclass(frozen=True, slots=True)
class Server:
    """One that runs."""

    contender: Contender
    pid: int
    port: int
    log: Path | None = None
    started: float = 0
    """Seconds from its start to the first token of a request sent as soon as it can."""

    def cpu_seconds(self) -> float:
        return process_tree.cpu_seconds(self.pid)

    def rss_bytes(self) -> int:
        return process_tree.rss_bytes(self.pid)

    def tail(self) -> str:
        """The end of what it has logged."""
        return self.log.read_text(errors="replace")[-LOG_SHOWN:] if self.log else ""

    def settle(self) -> None:
        """Wait until it has nothing left to do."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < deadline:
            used = self.cpu_seconds()
            time.sleep(0.2)
            if self.cpu_seconds() - used <= 0.02:
                return


@contextmanager
def serve(contender: Contender) -> Iterator[Server]:
    """Run *contender*, with nothing set but its environment, until left."""
    with tempfile.TemporaryDirectory() as folder:
        port, log = _free_port(), Path(folder, "log")
        command = _command(contender, port, Path(folder))
        environment = _environment(contender, port, folder)
        began = time.monotonic()
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        server = Server(contender, process.pid, port, log)
        try:
            moment = _first_token(server, process, began + START_SECONDS)
            yield Server(contender, process.pid, port, log, moment - began)
        finally:
            _stop(process)


def _command(contender: Contender, port: int, folder: Path) -> list[str]:
    stands_for = {THIS: sys.executable, "{port}": str(port)}
    for name, text in contender.files.items():
        (folder / name).write_text(text)
        stands_for[f"{{{name}}}"] = str(folder / name)
    return [stands_for.get(word, word) for word in contender.command]


def _environment(contender: Contender, port: int, folder: str) -> dict[str, str]:
    env = {name: os.environ[name] for name in _KEPT if name in os.environ}
    # A blank setting counts as unset, and wins over the developer's own.
    env |= dict.fromkeys(config.load(ROOT, {}).settings, "")
    return env | {
        "PORT": str(port),
        "TELEMETRY_PATH": folder,
        **contender.environment,
    }


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _first_token(
    server: Server, process: subprocess.Popen[bytes], deadline: float
) -> float:
    """When the first token of its first answer has come, on the monotonic clock."""
    request = server.contender.request("standin:timed tokens=1", server.port).encode()
    with _connected(server, process, deadline) as connection:
        connection.settimeout(START_SECONDS)
        connection.sendall(request)
        answer = b""
        while not re.search(clock.STAMP, answer):
            received = connection.recv(65536)
            if not received:
                raise BenchError(
                    f"{server.contender.name}: {answer!r}\n{server.tail()}"
                )
            answer += received
        return time.monotonic()


def _connected(
    server: Server, process: subprocess.Popen[bytes], deadline: float
) -> socket.socket:
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return socket.create_connection(("127.0.0.1", server.port))
        except ConnectionRefusedError:
            time.sleep(0.005)
    raise BenchError(f"{server.contender.name} did not start:\n{server.tail()}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    with suppress(ProcessLookupError):  # Its children have ended with it.
        os.killpg(process.pid, signal.SIGKILL)
