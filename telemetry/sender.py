"""`Sender` takes records from the journal to one sink, in a thread of its own."""

import random
import threading
from asyncio import CancelledError
from time import monotonic, sleep

from telemetry import records
from telemetry.journal import BATCH_RECORDS, Journal
from telemetry.journal.segments import Batch
from telemetry.notices import Notices
from telemetry.records import Record
from telemetry.sinks import Rejected, Sink, Unavailable

LINGER_SECONDS = 0.05
"""Seconds for which a record waits for others, to be sent with them."""

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0

OUTAGES = (Unavailable, OSError, CancelledError)
"""Exceptions that no record causes. SDKs cancel tasks of their own."""

UNEXPLAINED = 3
"""Suspect a record after this many failures in a row that are no outage."""

DOUBTS = 5
"""Reject a record that fails more often than this while others are taken."""

WITNESSES = 8
"""Pick the other record, which shows that a sink works, from this many batches of
each segment."""


class Sender:
    """Gives *sink* every record, again and again until it takes it.

    A rejected record is found by halving, and kept in a file beside the journal.
    Without *content*, prompt and answer are left out even if they were recorded.
    """

    def __init__(
        self, name: str, sink: Sink, journal: Journal, *, content: bool = True
    ) -> None:
        self.name, self._sink, self._journal = name, sink, journal
        self._content = content
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._until = float("inf")
        self._most = BATCH_RECORDS
        self._suspects = self._doubts = 0
        self._ahead: set[bytes] = set()
        self.notices = Notices()
        self.failures = self.rejected = self.sent = 0
        self.reason: str | None = None
        self._thread = threading.Thread(
            target=self._run, name=f"telemetry-{name}", daemon=True
        )
        journal.wake(self._wake)

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Send the remaining records, for *seconds* at most. Call `start` before."""
        self._until = monotonic() + seconds
        self._stopping.set()
        self._wake.set()

    def join(self) -> None:
        self._thread.join(max(0, self._until - monotonic()))

    def _run(self) -> None:
        try:
            self._sink.open()
        except (Exception, CancelledError) as exc:
            self._fail(exc)
        while monotonic() < self._until and self._deliver_next():
            pass
        try:
            self._sink.close()
        except (Exception, CancelledError) as exc:
            self._fail(exc)

    def _deliver_next(self) -> bool:
        """Deliver one batch, or wait for one; return whether to go on."""
        try:
            batch = self._journal.read(self.name)
            if batch is not None:
                self._deliver(batch)
                return True
        except Exception as exc:  # Of the journal's disk, or a bug.
            self._pause(exc)
            return True
        if self._stopping.is_set():
            return False
        self._wake.wait()
        self._wake.clear()
        self._stopping.wait(LINGER_SECONDS)
        return True

    def _deliver(self, batch: Batch) -> None:
        part: list[Record] = []
        for line in batch.lines[: self._most]:
            record = None if line in self._ahead else self._read(line)
            if record is None:
                break
            part.append(record)
        done = self._send(part) if part else self._skip(batch.lines[0])
        if done:
            self._suspects = max(0, self._suspects - done)
            self._doubts = 0
            self._journal.advance(self.name, batch.first(done))

    def _read(self, line: bytes) -> Record | None:
        try:
            record = records.loads(line)
        except (ValueError, RecursionError):
            return None
        return record if self._content else records.without_content(record)

    def _skip(self, line: bytes) -> int:
        """Skip *line*, which was sent ahead or is no record; return as `_send`."""
        if line in self._ahead:
            self._ahead.remove(line)
        else:
            self._bury(line, "what is no record")
        return 1

    def _send(self, part: list[Record]) -> int:
        """Send *part*; return how many records are done with, all or none."""
        try:
            self._sink.emit(part)
        except Rejected as exc:
            if len(part) > 1:
                self._most = len(part) // 2
                return 0
            self._reject(part[0], str(exc))
        except OUTAGES as exc:
            self._pause(exc)
            return 0
        except Exception as exc:
            return self._find(part, exc)
        else:
            self.sent += len(part)
            self._most = min(self._most * 2, BATCH_RECORDS)
        self.failures, self.reason = 0, None
        return len(part)

    def _find(self, part: list[Record], exc: Exception) -> int:
        """Find the record that causes *exc*, if one does; return as `_send`.

        A sink that takes other records meanwhile is not down.
        """
        if not self._suspects:
            self._pause(exc)
            if self.failures >= UNEXPLAINED:
                self._suspects = len(part)
        elif len(part) > 1:
            self._most = len(part) // 2
        elif self._doubts == DOUBTS:
            self._reject(part[0], f"{type(exc).__name__}, while others are taken")
            return 1
        elif self._takes_another():
            self._doubts += 1
            self._fail(exc)
            self._rest(FIRST_PAUSE_SECONDS)
        else:
            self._pause(exc)
        return 0

    def _takes_another(self) -> bool:
        """Send a record other than the first, ahead of its turn."""
        lines = [
            line
            for batch in self._journal.ahead(self.name, WITNESSES)
            for line in batch.lines
        ]
        others = [line for line in lines[1:] if line not in self._ahead]
        line = random.choice(others) if others else b""  # noqa: S311 -- no secret
        record = self._read(line)
        if record is None:
            return False
        try:
            self._sink.emit([record])
        except (Exception, CancelledError):
            return False
        self._ahead.add(line)
        self.sent += 1
        return True

    def _pause(self, exc: Exception | CancelledError) -> None:
        self._fail(exc)
        doubled = 2 ** min(self.failures, 16)  # An outage of hours is no overflow.
        longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * doubled)
        pause = random.uniform(longest / 2, longest)  # noqa: S311 -- jitter, no secret
        if isinstance(exc, Unavailable):
            pause = max(pause, exc.retry_after)
        self._rest(pause)

    def _rest(self, seconds: float) -> None:
        """Wait, but only briefly once `stop` was called."""
        if self._stopping.wait(seconds):
            left = max(0, self._until - monotonic())
            sleep(min(left, FIRST_PAUSE_SECONDS))

    def _reject(self, record: Record, why: str) -> None:
        self._bury(records.dumps(record), f"the record {record['id']}: {why}")

    def _bury(self, line: bytes, why: str) -> None:
        self.rejected += 1
        self._journal.bury(line)
        self.notices.put("rejected", f"rejected {why}; {self.rejected} so far")

    def _fail(self, exc: Exception | CancelledError) -> None:
        self.failures += 1
        # The text of an exception may hold a connection string.
        cause = exc.__cause__ if isinstance(exc, Unavailable) else None
        self.reason = kind = type(cause or exc).__name__
        self.notices.put("failed", f"{kind}, {self.failures} in a row")
