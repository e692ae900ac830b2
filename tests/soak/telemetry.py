"""Telemetry under load: how late the event loop is, and whether a kill loses a record.

Prints figures; fails only where a run whose `done` was received is missing in the hub.
"""

import asyncio
import json
import os
import random
import shutil
import signal
import statistics
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

import aiohttp

from tests.conftest import azure
from tests.event_hubs.emulator import EventHubs
from tests.event_hubs.faults import SERVER_BUSY, Faults
from tests.soak.repeated_callers import Load
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, until

HUB = "telemetry"
ASKED = {"user": "standin:answer tokens=20 delay_ms=5"}
ROUNDS, ROUND_SECONDS = 3, 8.0
KILLS = 8
FAULTS = [
    Faults(),
    Faults(settle="never"),
    Faults(settle=SERVER_BUSY),
    Faults(settle="detach"),
    Faults(settle="drop"),
    Faults(settle="store-drop"),
    Faults(settle_delay=0.5),
    Faults(refuse_tokens=True),
    Faults(mute="connection"),
]


def main() -> int:
    """Measure, then kill; the number of runs that are missing is the exit code's."""
    with StandIn() as standin:
        lag(standin)
        missing = kills(standin)
    return 1 if missing else 0


def lag(standin: StandIn) -> None:
    """The event loop's lag without a hub, with one, and with one that fails."""
    print(f"event-loop lag, {ROUNDS} x {ROUND_SECONDS:.0f} s each, in ms:", flush=True)
    late: dict[str, list[float]] = {"off": [], "on": [], "faults": []}
    answered: Counter[str] = Counter()
    with EventHubs({HUB: 2}) as hub:
        to_hub = {"AZURE_EVENTHUB_CONN_STR": hub.connection_string(HUB)}
        for _ in range(ROUNDS):
            for name in late:
                settings: Mapping[str, str] = {} if name == "off" else to_hub
                hub.faults = Faults()
                with AppProcess(probed(standin, settings)) as server:
                    load, measured = asyncio.run(
                        measure(server, hub if name == "faults" else None)
                    )
                late[name] += measured
                answered[name] += len(load.done)
    for name, each in late.items():
        p50, p99 = statistics.median(each), statistics.quantiles(each, n=100)[98]
        print(
            f"  telemetry {name:6}  p50 {p50:6.2f}  p99 {p99:6.2f}"
            f"  max {max(each):6.2f}  ({answered[name]} runs)",
            flush=True,
        )


def probed(standin: StandIn, settings: Mapping[str, str]) -> dict[str, str]:
    return azure(standin, CHAINS="lag=tests.soak.process_probe:lag", **settings)


async def measure(
    server: AppProcess, hub: EventHubs | None
) -> tuple[Load, list[float]]:
    """Load *server*, while *hub* fails in every way, and ask how late its loop was."""
    load = Load(ASKED)
    await load.run(server.url, 1)  # What is imported late, and connected.
    async with failing(hub) if hub else nothing(), asyncio.TaskGroup() as tasks:
        tasks.create_task(load.run(server.url, ROUND_SECONDS))
        probing = tasks.create_task(probe(server.url))
    return load, probing.result()


async def probe(url: str) -> list[float]:
    body = {"user": str(ROUND_SECONDS - 1), "chain": "lag", "stream": False}
    async with (
        aiohttp.ClientSession(url) as session,
        session.post("/api/chat", json=body) as answer,
    ):
        whole = await answer.json()
        return list(json.loads(whole["content"]))


@asynccontextmanager
async def nothing() -> AsyncIterator[None]:
    yield


@asynccontextmanager
async def failing(hub: EventHubs) -> AsyncIterator[None]:
    """Have *hub* fail in one way after the other, and be well at the end."""

    async def fail() -> None:
        for number in range(1_000_000):
            hub.faults = FAULTS[number % len(FAULTS)]
            await asyncio.sleep(0.4)
            await asyncio.to_thread(hub.down)
            await asyncio.sleep(0.1)
            await asyncio.to_thread(hub.up)

    task = asyncio.create_task(fail())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})
        hub.up()
        hub.faults = Faults()


def kills(standin: StandIn) -> int:
    """Kill the app under load amid outages; how many of its runs are missing."""
    chance = random.Random(8)
    load = Load(ASKED)
    journal = tempfile.mkdtemp()
    with EventHubs({HUB: 2}) as hub:
        settings = azure(
            standin,
            AZURE_EVENTHUB_CONN_STR=hub.connection_string(HUB),
            TELEMETRY_PATH=journal,
        )
        for number in range(KILLS):
            if number % 2 == 0:
                hub.down()
            else:
                hub.faults = FAULTS[number]
            with AppProcess(settings) as server:
                asyncio.run(load_and_kill(server, load, chance.uniform(2, 5)))
            hub.up()
            hub.faults = Faults()
        with AppProcess(settings):
            expected = set(load.done)
            with suppress(AssertionError):  # What is missing is counted below.
                until(lambda: expected <= ids(hub).keys(), 60)
        stored = ids(hub)
    shutil.rmtree(journal)
    missing = expected - stored.keys()
    print(
        f"{KILLS} kills under load: {len(load.done)} runs with their done, "
        f"{stored.total()} records, {len(missing)} missing, "
        f"{stored.total() - len(stored)} duplicates",
        flush=True,
    )
    if len(expected) < KILLS:
        print("too few runs for that to mean anything", flush=True)
        return KILLS
    return len(missing)


async def load_and_kill(server: AppProcess, load: Load, seconds: float) -> None:
    loading = asyncio.create_task(load.run(server.url, 60))
    await asyncio.sleep(seconds)
    os.kill(server.pid, signal.SIGKILL)
    await loading


def ids(hub: EventHubs) -> Counter[object]:
    return Counter(event.message_id for event in hub.events(HUB))
