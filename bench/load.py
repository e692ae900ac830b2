"""So many callers, and what they read; they are a process of their own."""

import json
import subprocess
import sys
from collections.abc import Collection
from dataclasses import asdict, dataclass

from bench.contenders import ROOT
from bench.errors import BenchError
from bench.server import Server

PATIENCE = 60
"""Seconds that a load may take beyond what it asks for."""


@dataclass(frozen=True, slots=True)
class Load:
    """Answers of *tokens*, read by *callers* at a time."""

    callers: int
    tokens: int
    delay_ms: int = 0
    hold_ms: int = 0
    """Silence between an answer's last token and its end."""
    answers: int | None = None
    """How many altogether; without it, callers ask for *seconds*."""
    seconds: float | None = None
    begin_over: float = 0
    """Seconds over which the callers begin; delays are noted after them."""
    cut: bool = False
    """Whether answers that are open after *seconds* are left, not read to their end."""

    @property
    def prompt(self) -> str:
        """What makes the stand-in answer so."""
        return (
            f"standin:timed tokens={self.tokens} delay_ms={self.delay_ms} "
            f"for_ms={self.hold_ms}"
        )

    @property
    def longest(self) -> float:
        """Seconds after which it has failed."""
        answer = (self.tokens * self.delay_ms + self.hold_ms) / 1000
        return (self.seconds or 0) + self.begin_over + answer + PATIENCE


@dataclass(frozen=True, slots=True)
class Heard:
    """What the callers have read, in milliseconds."""

    answers: float
    tokens: float
    seconds: float
    delay_p50: float
    delay_p99: float
    first_p50: float


def start(
    work: Load, server: Server, cores: Collection[int] = ()
) -> subprocess.Popen[bytes]:
    """Start *work* on *server*; `finish` has to follow."""
    return _started(order(work, server, cores))


def order(work: Load, server: Server, cores: Collection[int] = ()) -> str:
    """What the process of the callers gets."""
    asked = {
        "port": server.port,
        "cores": list(cores),
        "load": asdict(work),
        "limit": work.longest,
        "request": server.contender.request(work.prompt, server.port),
        "ending": server.contender.ending,
        "stamp": server.contender.stamp,
    }
    return json.dumps(asked)


def finish(callers: subprocess.Popen[bytes], server: Server, seconds: float) -> Heard:
    """What they have read; raises `BenchError` for an answer that was not whole."""
    return Heard(**_finished(callers, server, seconds))


def run(work: Load, server: Server, cores: Collection[int] = ()) -> Heard:
    """Put *work* on *server*, whose callers run on *cores*."""
    return finish(start(work, server, cores), server, work.longest)


def longest_wait(server: Server, seconds: float) -> float:
    """Ask for health all the time for *seconds*; the longest wait in milliseconds."""
    request = (
        f"GET {server.contender.health} HTTP/1.1\r\nhost: 127.0.0.1:{server.port}\r\n"
        "connection: close\r\n\r\n"
    )
    probe = {"port": server.port, "request": request, "seconds": seconds}
    limit = seconds + PATIENCE
    callers = _started(json.dumps({**probe, "limit": limit, "cores": [], "load": None}))
    return _finished(callers, server, limit)["longest"]


def _started(order: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "bench.callers", order],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def _finished(
    callers: subprocess.Popen[bytes], server: Server, seconds: float
) -> dict[str, float]:
    try:
        said, failed = callers.communicate(timeout=seconds + PATIENCE)
    finally:
        callers.kill()
    if callers.returncode:
        what = f"{server.contender.name}: {failed.decode()[-2000:]}"
        raise BenchError(f"{what}\n{server.tail()}")
    heard: dict[str, float] = json.loads(said)
    return heard
