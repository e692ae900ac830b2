"""`python -m bench.callers ORDER`: the process that asks; prints what it has read.

Sockets and a regular expression, nothing that parses HTTP or JSON: it has to cost far
less than any server.
"""

import asyncio
import json
import os
import re
import sys
import time
from typing import TypedDict

from uvicorn.loops.auto import auto_loop_factory

from bench.answer import Answer, Notes, read
from bench.errors import BenchError

BETWEEN_PROBES = 0.05
"""Seconds from one health call's answer to the next call."""


class Work(TypedDict):
    """`bench.load.Load`, as JSON."""

    callers: int
    tokens: int
    answers: int | None
    seconds: float | None
    begin_over: float
    cut: bool


class Order(TypedDict, total=False):
    """What is asked of this process."""

    port: int
    cores: list[int]
    limit: float
    request: str
    load: Work | None
    """Without it, *request* is a health call, which is repeated for *seconds*."""
    ending: str
    stamp: str
    seconds: float


class Crowd:
    """The callers."""

    def __init__(self, order: Order, work: Work) -> None:
        self._order, self._work = order, work
        self._request = order["request"].encode()
        self._stamp = re.compile(order["stamp"].encode())
        self._begins = time.monotonic()
        self._left = work["answers"]
        self.notes = Notes(counted_from=self._begins + work["begin_over"])

    async def run(self) -> None:
        callers = self._work["callers"]
        spread = self._work["begin_over"] / callers
        async with asyncio.TaskGroup() as group:
            running = [
                group.create_task(self._caller(i * spread)) for i in range(callers)
            ]
            if self._work["cut"]:
                await asyncio.sleep(self._work["seconds"] or 0)
                for each in running:
                    each.cancel()

    async def _caller(self, after: float) -> None:
        await asyncio.sleep(after)
        while self._takes_another():
            answer = await read(
                self._order["port"], self._request, self.notes, self._stamp
            )
            self._check(answer)
            self.notes.answers += 1

    def _takes_another(self) -> bool:
        if self._left is not None:
            self._left -= 1
            return self._left >= 0
        return time.monotonic() < self._begins + (self._work["seconds"] or 0)

    def _check(self, answer: Answer) -> None:
        whole = (
            answer.status == b"HTTP/1.1 200"
            and answer.tail.endswith(b"\r\n0\r\n\r\n")
            and self._order["ending"].encode() in answer.tail
            and answer.tokens == self._work["tokens"]
        )
        if not whole:
            raise BenchError(
                f"{answer.tokens} tokens of {self._work['tokens']}, {answer.status!r}, "
                f"ending in {answer.tail!r}"
            )


async def ask(order: Order, work: Work) -> dict[str, float]:
    """`bench.load.Heard`, as JSON."""
    crowd = Crowd(order, work)
    began = time.monotonic()
    async with asyncio.timeout(order["limit"]):
        await crowd.run()
    notes, delays = crowd.notes, sorted(crowd.notes.delays)
    return {
        "answers": notes.answers,
        "tokens": notes.tokens,
        "seconds": time.monotonic() - began,
        "delay_p50": percentile(delays, 50) / 1e3,
        "delay_p99": percentile(delays, 99) / 1e3,
        "first_p50": percentile(sorted(notes.first), 50) * 1e3,
    }


async def probe(order: Order) -> dict[str, float]:
    """The longest wait for an answer to *order*'s request, in milliseconds."""
    request, longest = order["request"].encode(), 0.0
    ends = time.monotonic() + order["seconds"]
    while (began := time.monotonic()) < ends:
        async with asyncio.timeout(order["limit"]):
            await read(order["port"], request, Notes())
        longest = max(longest, time.monotonic() - began)
        await asyncio.sleep(BETWEEN_PROBES)
    return {"longest": longest * 1e3}


def percentile[T: (int, float)](ordered: list[T], percent: int) -> float:
    """0 if there is none."""
    return ordered[(len(ordered) - 1) * percent // 100] if ordered else 0


def main() -> int:
    order: Order = json.loads(sys.argv[1])
    if order["cores"]:
        os.sched_setaffinity(0, order["cores"])
    work = order["load"]
    asked = probe(order) if work is None else ask(order, work)
    failures: list[Exception] = []
    try:
        print(json.dumps(asyncio.run(asked, loop_factory=auto_loop_factory())))
    except* (BenchError, OSError) as failed:
        failures += failed.exceptions
    for each in failures[:1]:  # The others failed alike.
        print(f"{type(each).__name__}: {each}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
