"""A conversation in PostgreSQL, over a restart: `python -m tests.soak postgres`."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from tests.support.app_process import AppProcess
from tests.support.waiting_chains import CHAINS

READY_SECONDS = 20


def main() -> int:
    """Ask in one server and answer in the next; 1 if that did not work."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not found:
        print("PostgreSQL is not installed: skipped")
        return 0
    with _server(found[-1]) as url:
        settings = {"CHAINS": CHAINS, "CHECKPOINTER": url}
        with AppProcess(settings) as before:
            asked = _ask(before, user="Why?")
        with AppProcess(settings) as after:
            answered = _ask(after, resume="yes")
    print("asked:", asked["finish_reason"], "- answered:", answered["content"])
    return int((asked["finish_reason"], answered["content"]) != ("interrupt", SAID))


SAID = "You said yes."


def _ask(server: AppProcess, **fields: str) -> dict[str, str]:
    body = {"chain": "approval", "thread_id": "t1", "stream": False, **fields}
    answer = server.client.post("/api/chat", json=body)
    answer.raise_for_status()
    return dict(answer.json())


@contextmanager
def _server(binaries: Path) -> Iterator[str]:
    """A server of its own, which does not run as root."""
    folder = Path(mkdtemp())
    user = "postgres" if os.getuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    made = ["-D", str(folder / "db"), "-U", "app", "--auth=trust"]
    initdb = [str(binaries / "initdb"), *made]
    subprocess.run(initdb, user=user, cwd=folder, check=True, capture_output=True)
    options = ["-D", str(folder / "db"), "-p", port, "-k", str(folder)]
    process = subprocess.Popen(
        [str(binaries / "postgres"), *options, "-c", "listen_addresses=127.0.0.1"],
        user=user,
        cwd=folder,
        stderr=subprocess.DEVNULL,
    )
    try:
        ready = [str(binaries / "pg_isready"), "-h", "127.0.0.1", "-p", port]
        waited = ["timeout", str(READY_SECONDS), "sh", "-c"]
        until = f"until {' '.join(ready)} -q; do sleep 0.2; done"
        subprocess.run([*waited, until], check=True)
        yield f"postgres://app@127.0.0.1:{port}/postgres"
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder)
