"""Rounds: the same load on each contender in turn, the processor read around it."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench import load
from bench.errors import BenchError
from bench.load import Load
from bench.server import Server, serve, tail


@dataclass(frozen=True, slots=True)
class Contender:
    """An app, how it is asked, and how it ends each answer."""

    name: str
    app_dir: Path
    path: str
    environment: Mapping[str, str]
    ask: Callable[[str], object]
    """A question, as the JSON that the app takes."""
    ending: bytes

    @contextmanager
    def run(self) -> Iterator["Running"]:
        """Its server, until left."""
        with serve(self.app_dir, self.environment) as server:
            yield Running(self, server)


@dataclass(frozen=True, slots=True)
class Running:
    """A contender whose server is up."""

    contender: Contender
    server: Server

    async def ask(self, work: Load) -> "Round":
        """Put *work* on it, and measure."""
        cpu, started = self.server.cpu_seconds(), time.perf_counter()
        try:
            await load.apply(
                work,
                port=self.server.port,
                path=self.contender.path,
                body=json.dumps(self.contender.ask(work.prompt)).encode(),
                ending=self.contender.ending,
            )
        except BenchError as exc:
            log = tail(self.server.log)
            raise BenchError(f"{self.contender.name}: {exc}\n{log}") from None
        return Round(
            cpu_us=(self.server.cpu_seconds() - cpu) / work.chunks * 1e6,
            rate=work.chunks / (time.perf_counter() - started),
        )


@dataclass(frozen=True, slots=True)
class Round:
    """User and system CPU per chunk, and chunks per second of wall time."""

    cpu_us: float
    rate: float


@dataclass(slots=True)
class Result:
    """All rounds of one contender under one load."""

    name: str
    rounds: list[Round] = field(default_factory=list)
    rss_bytes: int = 0

    @property
    def cpu_us(self) -> float:
        return median(each.cpu_us for each in self.rounds)

    @property
    def rate(self) -> float:
        return median(each.rate for each in self.rounds)

    @property
    def spread(self) -> tuple[float, float]:
        """The cheapest and the dearest round's CPU per chunk."""
        each = [each.cpu_us for each in self.rounds]
        return min(each), max(each)


async def compare(
    running: Sequence[Running], work: Load, *, rounds: int
) -> list[Result]:
    """One result each, in order; interleaved, so that a busy moment hits them alike."""
    results = [Result(each.contender.name) for each in running]
    for _ in range(rounds):
        for each, result in zip(running, results, strict=True):
            result.rounds.append(await each.ask(work))
            result.rss_bytes = each.server.rss_bytes()
    return results
