"""Beside the stream, never in its way: each finished run is recorded."""

import atexit
import errno
import hashlib
import logging
import os
import stat
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic

from runs import Run
from runs.recording import Recording
from settings import Settings, SettingsError
from telemetry import records, sinks
from telemetry.appender import Appender
from telemetry.journal import Journal
from telemetry.lag import LoopLag
from telemetry.readings import Readings
from telemetry.sender import Sender
from telemetry.sinks import Sink
from telemetry.usage import Ledger

log = logging.getLogger(__name__)

DRAIN_SECONDS = 3
"""Seconds to deliver records at exit; the rest is left to the next process."""


class Telemetry:
    """Records finished runs: in the journal, and from there in every sink.

    With *content*, prompts and answers are recorded too, but never logged.
    """

    def __init__(
        self, journal: Journal, to: Mapping[str, Sink], *, content: bool
    ) -> None:
        self._journal, self._content = journal, content
        self.ledger = Ledger(journal.folder)
        self._appender = Appender(journal)
        self._sinks, self._lag = tuple(to.values()), LoopLag()
        self._measures = any(sink.measures for sink in self._sinks)
        self._direct = [sink for sink in to.values() if not sink.queued]
        self._senders = [
            Sender(name, sink, journal, content=content)
            for name, sink in to.items()
            if sink.queued
        ]
        for sender in self._senders:
            sender.start()

    def emit(self, run: Run) -> Recording:
        """Record the finished *run*; what is returned is done once that is on disk.

        Called on the event loop, which it does not hold up.
        """
        if self._measures:
            self._lag.watch()
        try:
            record = records.build(run, content=self._content)
            line = records.dumps(record)
        except Exception as exc:  # A caller may send any prompt.
            log.warning("run %s: %s in its content", run.id, type(exc).__name__)
            record = records.build(run, content=False)
            line = records.dumps(record)
        run.prompt = None  # It may be large.
        self.ledger.add(record)
        recording = self._appender.put(line)
        for sink in self._direct:
            try:
                sink.emit([record])
            except Exception as exc:  # It fails alone.
                log.error("%s: %s", type(sink).__name__, type(exc).__name__)
        for notice in self._journal.notices.take():
            log.error("telemetry in %s: %s", self._journal.folder, notice)
        for sender in self._senders:
            for notice in sender.notices.take():
                log.warning("telemetry to %s: %s", sender.name, notice)
        return recording

    def watch(
        self,
        *,
        open_streams: Callable[[], int],
        resting: Callable[[], Mapping[tuple[str, str], float]],
    ) -> None:
        """Let sinks look at these, from their threads."""
        readings = Readings(open_streams, resting, self._backlog, self._lag.take)
        for sink in self._sinks:
            sink.watch(readings)

    def _backlog(self) -> Mapping[str, int]:
        return {each.name: self._journal.backlog(each.name) for each in self._senders}

    @property
    def folder(self) -> Path:
        return self._journal.folder

    def health(self) -> dict[str, dict[str, object]]:
        """How many records and bytes are undelivered, rejected or lost, and why."""
        delivery: dict[str, dict[str, object]] = {
            sender.name: {
                "backlog_bytes": self._journal.backlog(sender.name),
                "failures": sender.failures,
                "reason": sender.reason,
                "rejected": sender.rejected,
            }
            for sender in self._senders
        }
        waiting = self._journal.waiting + self._appender.waiting
        journal: dict[str, object] = {"lost": self._journal.lost, "waiting": waiting}
        return {"journal": journal, **delivery}

    def close(self, seconds: float = DRAIN_SECONDS) -> None:
        """Deliver for *seconds* at most; the next process delivers the rest."""
        until = monotonic() + seconds
        self.ledger.stop()
        self._appender.stop(seconds / 2)
        if not self._appender.unwritten:  # Else the journal waits for the disk.
            self._journal.hand_over()
        for sender in self._senders:
            sender.stop(max(0, until - monotonic()))
        for sender in self._senders:
            sender.join()
        if lost := self._appender.unwritten or self._journal.close():
            log.error("%d records are lost: the disk did not take them", lost)


def build(settings: Settings) -> Telemetry:
    """Telemetry that closes itself at exit.

    Raises `SettingsError` if the journal's folder cannot be used.
    """
    to = sinks.build(settings)
    queued = [name for name, sink in to.items() if sink.queued]
    durable = any(sink.durable for sink in to.values())
    try:
        path = settings.telemetry_path
        journal = Journal(Path(path) if path else _folder(), queued, keep=not durable)
    except OSError as exc:
        reason = os.strerror(exc.errno or 0)
        where = settings.telemetry_path or "the temporary folder"
        raise SettingsError(
            f"TELEMETRY_PATH: cannot write to {where}: {reason}"
        ) from exc
    content = durable and settings.telemetry_content
    built = Telemetry(journal, to, content=content)
    built.ledger.start()
    atexit.register(built.close)
    return built


def _folder() -> Path:
    """This app's folder on the machine's own disk: `/home` on Azure is a network share.

    Raises `OSError` if another user has put something in its place.
    """
    app = hashlib.sha256(str(Path(__file__).parent).encode()).hexdigest()[:8]
    user = os.getuid() if hasattr(os, "getuid") else "user"
    folder = Path(tempfile.gettempdir()) / f"chat-telemetry-{user}-{app}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if hasattr(os, "getuid"):
        found = folder.lstat()
        theirs = found.st_uid != os.getuid() or found.st_mode & 0o022
        if theirs or not stat.S_ISDIR(found.st_mode):
            raise PermissionError(errno.EPERM, f"{folder} is somebody else's")
    return folder
