"""What takes records from the journal to one sink, in a thread of its own."""

import random
import threading
from asyncio import CancelledError
from time import monotonic, sleep

from telemetry import records
from telemetry.journal import Journal
from telemetry.journal.segments import Batch
from telemetry.notices import Notices
from telemetry.records import Record
from telemetry.sinks import Rejected, Sink, Unavailable

LINGER_SECONDS = 0.05
"""How long a record waits for others, to be sent with them."""

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0


class Sender:
    """Gives *sink* every record, again and again until it takes it.

    What it rejects is found by halves, and kept in a file beside the journal. Without
    *content*, what was asked and answered is left out, also where it was recorded.
    """

    def __init__(
        self, name: str, sink: Sink, journal: Journal, *, content: bool = True
    ) -> None:
        self.name, self._sink, self._journal = name, sink, journal
        self._content = content
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._until = float("inf")
        self.notices = Notices()
        self.failures = self.rejected = self.sent = 0
        self._thread = threading.Thread(
            target=self._run, name=f"telemetry-{name}", daemon=True
        )
        journal.wake(self._wake)

    def start(self) -> None:
        """Begin; the sink is opened in its own thread."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Send what is left for *seconds* at most; it must have been started."""
        self._until = monotonic() + seconds
        self._stopping.set()
        self._wake.set()

    def join(self) -> None:
        """Wait for the end that `stop` has asked for."""
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
        """Deliver what there is, or wait for it; whether to go on."""
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
        sendable = []
        for line in batch.lines:
            try:
                record = records.loads(line)
            except ValueError:
                self._bury(line, "what is no record")
                continue
            sendable.append(record if self._content else records.unasked(record))
        if self._send(sendable):
            self._journal.advance(self.name, batch)

    def _send(self, sendable: list[Record]) -> bool:
        """Whether *sendable* needs no more sending: else there was no time for it."""
        while sendable and monotonic() < self._until:
            try:
                self._sink.emit(sendable)
            except Rejected as exc:
                if len(sendable) > 1:
                    half = len(sendable) // 2
                    return self._send(sendable[:half]) and self._send(sendable[half:])
                why = f"the record {sendable[0].get('id')}: {exc}"
                self._bury(records.dumps(sendable[0]), why)
            except (Exception, CancelledError) as exc:  # SDKs cancel tasks of theirs.
                self._pause(exc)
                continue
            else:
                self.sent += len(sendable)
            self.failures = 0
            return True
        return not sendable

    def _pause(self, exc: Exception | CancelledError) -> None:
        self._fail(exc)
        doubled = 2 ** min(self.failures, 16)  # An outage of hours is no overflow.
        longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * doubled)
        pause = random.uniform(longest / 2, longest)  # noqa: S311 -- jitter, no secret
        if isinstance(exc, Unavailable):
            pause = max(pause, exc.retry_after)
        if self._stopping.wait(pause):
            left = max(0, self._until - monotonic())
            sleep(min(left, FIRST_PAUSE_SECONDS))

    def _bury(self, line: bytes, why: str) -> None:
        self.rejected += 1
        self._journal.bury(line)
        self.notices.put("rejected", f"rejected {why}; {self.rejected} so far")

    def _fail(self, exc: Exception | CancelledError) -> None:
        self.failures += 1
        # The text of an exception may hold a connection string.
        self.notices.put("failed", f"{type(exc).__name__}, {self.failures} in a row")
