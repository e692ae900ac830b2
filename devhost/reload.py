"""Starts this process anew once a file of the app has changed: `--reload`.

The process replaces itself, so that it keeps its terminal and its process id. What
listens is handed on: callers that come meanwhile wait, and are answered by the new
code, or refused if that cannot start. Files are looked at now and then, which works in
every file system.
"""

import atexit
import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path
from time import sleep

from devhost.errors import StartError
from devhost.refusing import refuse

LOOK_SECONDS = 0.5
"""Seconds between two looks; a change is over if the next look finds no other."""

LISTENER = "DEVHOST_LISTENER"
"""The environment variable with the descriptor of the socket that listens."""

READ = ("host.json", "local.settings.json")
SKIPPED = ("__pycache__", "node_modules")

CAN = hasattr(signal, "SIGUSR1")
"""Windows has no such signal, nor can a process replace itself there."""

CHANGED = signal.SIGUSR1 if CAN else signal.SIGTERM

type Seen = dict[str, tuple[int, int]]


class Reload:
    """Watches *app_dir* from now on.

    `again` is whether this process has been started anew, `due` whether it is to be.
    """

    def __init__(self, app_dir: Path) -> None:
        if not CAN:
            raise StartError("--reload needs Linux or macOS: start without it.")
        self._listener: socket.socket | None = None
        if descriptor := os.environ.pop(LISTENER, None):
            self._listener = socket.socket(fileno=int(descriptor))
        self.again, self.due = self._listener is not None, False
        # The app's settings will be added, and a file may change them.
        self._environ, self._folder = dict(os.environ), Path.cwd()
        self._app_dir, self._before = app_dir, _look(app_dir)
        atexit.register(self._start_if_due)  # Before others: it is the last to run.
        threading.Thread(target=self._watch, daemon=True).start()

    def listener(self, port: int) -> socket.socket | None:
        """What listens already, if it does so on *port*."""
        kept = self._listener
        if kept is None or port not in (0, kept.getsockname()[1]):
            return None
        return kept.dup()

    def keep(self, listener: socket.socket) -> None:
        """Hand *listener* on, which its server closes."""
        self._close()
        self._listener = listener.dup()
        self._listener.set_inheritable(True)

    def note(self, number: int) -> None:
        """Start anew for a change, and not if it is a signal to stop."""
        self.due = number == CHANGED
        if not self.due:
            self._close()

    def wait(self) -> None:
        """Wait for a change, or a signal to stop; callers get an error meanwhile."""
        if self._listener is not None:
            refuse(self._listener)
        print("devhost: waiting until a file has changed", file=sys.stderr)
        while not self.due:
            signal.pause()

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self._start_if_due()
        os._exit(0)

    def _start_if_due(self) -> None:
        if not self.due or self._listener is None:
            return
        sys.stdout.flush()
        sys.stderr.flush()
        os.chdir(self._folder)
        environ = {**self._environ, LISTENER: str(self._listener.fileno())}
        # It is this process's own command.
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environ)  # noqa: S606

    def _close(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()

    def _watch(self) -> None:
        before = after = self._before
        while after == before:
            sleep(LOOK_SECONDS)
            after = _look(self._app_dir)
        changed = min(name for name, _ in before.items() ^ after.items())
        while (now := _look(self._app_dir)) != after:  # Others are being written.
            after = now
            sleep(LOOK_SECONDS)
        name = os.path.relpath(changed, self._app_dir)
        print(f"devhost: {name} has changed: starting again", file=sys.stderr)
        os.kill(os.getpid(), CHANGED)


def _look(app_dir: Path) -> Seen:
    """When each file that the app reads at start was written, and its size."""
    found: Seen = {}
    for folder, folders, files in os.walk(app_dir):
        if "pyvenv.cfg" in files:  # A virtual environment.
            folders.clear()
            continue
        folders[:] = [
            name for name in folders if name[0] != "." and name not in SKIPPED
        ]
        for name in files:
            if name.endswith(".py") or name in READ:
                path = os.path.join(folder, name)
                with suppress(OSError):  # It is gone again.
                    known = os.stat(path)
                    found[path] = (known.st_mtime_ns, known.st_size)
    return found
