"""Runs that are followed over kills and outages: `python -m tests.soak runs`.

Prints figures; fails if a reader got other bytes than one who was never interrupted.
"""

import asyncio
import os
import random
import signal
import statistics
import tempfile
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import aiohttp

from tests.conftest import azure
from tests.soak.outages import Redis, outages
from tests.soak.repeated_callers import Load
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, until
from tests.support.followed_runs import begun, frames, number

KILLS, RESUMES, FOLLOWED = 8, 200, 4
LEASE = 1.0
LONG = "standin:answer tokens=5000 delay_ms=10"
ASKED = {"user": "standin:answer tokens=20 delay_ms=5"}
CANCELS, FOLLOWERS = 10, 100


def main() -> int:
    """Kills over each engine, then outages of one; 1 if anything was not equal."""
    wrong = 0
    with StandIn() as standin:
        with tempfile.TemporaryDirectory() as folder:
            wrong += kills(standin, "sqlite", f"sqlite:{Path(folder) / 'kept.db'}")
        with Redis() as redis:
            wrong += kills(standin, "redis", redis.url)
            wrong += outages(standin, redis)
    return int(wrong > 0)


@dataclass(slots=True)
class Resumed:
    """What each reader got behind which number, and the uninterrupted one's bytes."""

    whole: bytes = b""
    parts: list[tuple[int, bytes]] = field(default_factory=list)

    def unequal(self) -> int:
        """How many parts are other than the rest of the whole."""
        found = frames(self.whole)
        ending = found[-2:]  # Of a lost run, which is for whoever follows.
        return sum(
            part != b"".join(f for f in found if (number(f) or 0) > at or f in ending)
            for at, part in self.parts
        )


def kills(standin: StandIn, name: str, store: str) -> int:
    """Kill the producer of followed runs again and again; how many parts differ."""
    settings = azure(standin, STORE=store, RUN_LEASE_SECONDS=str(LEASE))
    chance, rounds = random.Random(13), list[Resumed]()
    with AppProcess(settings) as there:
        there.warm()
        for _ in range(KILLS):
            with AppProcess(settings) as producer:
                producer.warm()
                rounds += asyncio.run(killed(producer, there, chance))
        near, far = cancel_latencies(standin, there, settings)
        held = memory(there)
    parts = sum(len(each.parts) for each in rounds)
    wrong = sum(each.unequal() for each in rounds)
    lost = sum(b'"run_lost"' not in each.whole for each in rounds)
    print(f"{name}: {KILLS} kills of {len(rounds)} followed runs under load")
    print(f"  {parts} resumes, {parts - wrong} equal; {lost} runs without run_lost")
    print(f"  cancel in ms, same instance: {near}; another one: {far}")
    print(f"  {held / 1024:.0f} KB for each of {FOLLOWERS} followers", flush=True)
    return wrong + lost + (parts < RESUMES)


async def killed(
    producer: AppProcess, there: AppProcess, chance: random.Random
) -> list[Resumed]:
    """Runs of *producer*, followed and resumed from *there* until it is killed."""
    load = Load(ASKED, callers=4)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        loading = asyncio.create_task(load.run(producer.url, 30))
        ids = [await _begin(session, producer) for _ in range(FOLLOWED)]
        for run_id in ids:
            await _known(session, there, run_id)
        found = [Resumed() for _ in ids]
        async with asyncio.TaskGroup() as tasks:
            for each, run_id in zip(found, ids, strict=True):
                tasks.create_task(_read_whole(session, there, run_id, each))
                for _ in range(-(-RESUMES // (KILLS * FOLLOWED))):
                    at, pause = chance.randrange(1, 400), chance.uniform(0, 3)
                    asking = _resume(session, there, run_id, at, pause, each)
                    tasks.create_task(asking)
            await asyncio.sleep(chance.uniform(1.5, 3))
            os.kill(producer.pid, signal.SIGKILL)
        await loading
    return found


async def _begin(session: aiohttp.ClientSession, server: AppProcess) -> str:
    body = {"user": LONG, "on_disconnect": "continue"}
    async with session.post(f"{server.url}/api/chat", json=body) as answer:
        await answer.content.readline()
        return answer.headers["x-run-id"]


async def _known(
    session: aiohttp.ClientSession, server: AppProcess, run_id: str
) -> None:
    async with asyncio.timeout(10):
        while True:
            async with session.get(f"{server.url}/api/runs/{run_id}") as state:
                if state.status == 200:
                    return
            await asyncio.sleep(0.05)


async def _follow(
    session: aiohttp.ClientSession, server: AppProcess, run_id: str, after: int
) -> bytes:
    url = f"{server.url}/api/runs/{run_id}/stream?after={after}"
    async with session.get(url) as answer:
        return await answer.read()


async def _read_whole(
    session: aiohttp.ClientSession, server: AppProcess, run_id: str, found: Resumed
) -> None:
    found.whole = await _follow(session, server, run_id, 0)


async def _resume(
    session: aiohttp.ClientSession,
    server: AppProcess,
    run_id: str,
    at: int,
    pause: float,
    found: Resumed,
) -> None:
    await asyncio.sleep(pause)
    found.parts.append((at, await _follow(session, server, run_id, at)))


def cancel_latencies(
    standin: StandIn, here: AppProcess, settings: dict[str, str]
) -> tuple[str, str]:
    """From the request to the model's closed connection, asked here and elsewhere."""
    with AppProcess(settings) as other:
        other.warm()
        found = []
        for asked in (here, other):
            times = [_cancelled(standin, here, asked, n) for n in range(CANCELS)]
            found.append(f"{statistics.median(times):.0f}, at most {max(times):.0f}")
    return found[0], found[1]


def _cancelled(
    standin: StandIn, here: AppProcess, asked: AppProcess, turn: int
) -> float:
    tag = f"cancel-{id(asked)}-{turn}"
    with begun(here, f"{LONG} tag={tag}") as run_id:
        path = f"/api/runs/{run_id}"
        until(lambda: asked.client.get(path).status_code == 200)
        since = monotonic()  # The same clock in each process of a machine.
        assert asked.client.post(f"{path}/cancel").status_code == 202
        closed = standin.wait_closed(tag)["closed_at"]
    assert closed is not None
    standin.reset()
    return (closed - since) * 1000


def memory(server: AppProcess) -> float:
    """Bytes by which *server* grows with each follower of one run."""
    with begun(server, LONG) as run_id:
        asyncio.run(_followed(server, run_id, 10))  # What is imported late.
        before = resident(server)
        return (asyncio.run(_followed(server, run_id, FOLLOWERS)) - before) / FOLLOWERS


async def _followed(server: AppProcess, run_id: str, count: int) -> float:
    """Bytes of *server* while *count* follow the run."""
    connector = aiohttp.TCPConnector(limit=0)
    url = f"{server.url}/api/runs/{run_id}/stream"
    async with aiohttp.ClientSession(connector=connector) as session:
        with suppress(TimeoutError), ExitStack():
            answers = [await session.get(url) for _ in range(count)]
            for answer in answers:
                await answer.content.readline()
        held = await asyncio.to_thread(resident, server)
        for answer in answers:
            answer.close()
        return held


def resident(server: AppProcess) -> float:
    status = Path(f"/proc/{server.pid}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024
