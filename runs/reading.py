"""A run as its log has it: for whoever asks for its state, or follows it."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from runs.header import Header
from runs.last_events import LOST, lost_lines
from runs.logs import Logs
from runs.run_log import RunLog
from store import Conflict, Damaged, StoreError, readable
from streaming import recorded
from streaming.errors import NotFound, StoreUnavailable
from streaming.events import Done, Usage

log = logging.getLogger(__name__)

RUNNING = "running"


@dataclass(frozen=True, slots=True)
class LoggedRun:
    """A log up to its first *size* bytes: its header, and a line for each event."""

    header: Header
    lines: list[bytes]
    size: int
    lives: bool

    @property
    def done(self) -> Done | None:
        """The run's last event, if it has one."""
        if not self.lines or recorded.status_of(self.lines[-1]) is None:
            return None
        *_, last = recorded.events(self.lines[-1])
        return last if isinstance(last, Done) else None

    @property
    def status(self) -> str:
        ended = recorded.status_of(self.lines[-1]) if self.lines else None
        return ended or (RUNNING if self.lives else LOST)

    def state(self) -> dict[str, object]:
        """As callers read it."""
        done = self.done
        created = datetime.fromtimestamp(self.header.created_at, UTC)
        return {
            "run_id": self.header.run_id,
            "status": self.status,
            "chain": self.header.chain,
            "deployment": done.deployment if done else self._deployment(),
            "finish_reason": done.finish_reason if done else None,
            "usage": usage(done.usage) if done else None,
            "created_at": created.isoformat().replace("+00:00", "Z"),
            "last_event": len(self.lines),
        }

    def _deployment(self) -> str:
        for line in reversed(self.lines):
            for event in recorded.events(line):
                if found := getattr(event, "deployment", ""):
                    return str(found)
        return self.header.chain


def begun(log: RunLog) -> LoggedRun:
    """A run of this process, of whose events the store is not asked."""
    return LoggedRun(log.header, [], 0, lives=True)


def state_of(log: RunLog) -> dict[str, object]:
    """The state of a run of this process, which still goes on."""
    return begun(log).state() | {
        "deployment": log.run.deployment,
        "last_event": log.run.number,
    }


def usage(counted: Usage) -> dict[str, object]:
    named: dict[str, object] = {
        "input_tokens": counted.input_tokens,
        "output_tokens": counted.output_tokens,
        "total_tokens": counted.total_tokens,
        "cached_tokens": counted.cached_tokens,
        "reasoning_tokens": counted.reasoning_tokens,
    }
    return {**named, "estimated": True} if counted.estimated else named


async def read(logs: Logs, run_id: str, owner: str) -> LoggedRun:
    """The run, if it is *owner*'s; raises `NotFound` or `StoreUnavailable`."""
    try:
        if (own := logs.find(run_id)) is not None:
            await own.flush()
        written = await logs.store.read(run_id, 0)
        found = None if not written else split(written)
        if found is None or found[0].owner != owner:
            raise _unknown(run_id)
        header, lines = found
        lives = await logs.lives(header)
    except Damaged:
        log.error("run %s: its log cannot be read", run_id)
        raise _unknown(run_id) from None  # Nobody knows whose it is.
    except StoreError:
        raise StoreUnavailable() from None
    return LoggedRun(header, lines, len(written or b""), lives)


def _unknown(run_id: str) -> NotFound:
    return NotFound(f"There is no run {run_id!r}; it may have expired.")


def split(written: bytes) -> tuple[Header, list[bytes]]:
    """Raises `Damaged`, also if its last line is not whole."""
    with readable():
        first, *lines = written.splitlines()
        list(recorded.events(lines[-1]) if lines else ())
        return Header.read(first), lines


async def end_lost(logs: Logs, header: Header, at: int) -> None:
    """End the log of a run whose process is gone, unless somebody else has."""
    try:
        ending = lost_lines(header.run_id, header.chain)
        await logs.store.append(header.run_id, ending, at=at, keep=logs.retention)
    except Conflict:
        pass  # Whoever follows reads what it is instead.
