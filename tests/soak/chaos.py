"""Thousands of streams against backends that fail at random, one of which is killed.

Prints figures; fails where a stream ended in a way that it must not, where a run was
not recorded once, or where something is left behind.
"""

import asyncio
import os
import signal
import sys
from urllib.parse import urlsplit

from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, open_streams, until
from tests.support.chaotic_streams import SETTINGS, Chaos, backends, census, recorded

STREAMS, CONCURRENCY = 1000, 100
KILL_EVERY_SECONDS = 3.0

LEAK_BLOCKS, LEAK = 12, 2_150
"""Blocks and bytes that the Functions runtime keeps of each request, for good."""

NOISE_BLOCKS, NOISE = 3_000, 32 * 1024 * 1024
"""By which two idle moments differ anyway: in connections that are kept, and in bytes
that the allocator does not give back, which are no measure of what is held."""


def main() -> int:
    """Two thousand streams; the memory after the second is that after the first."""
    standins = [StandIn(), StandIn(), StandIn()]
    settings = {"AZURE_OPENAI_BACKENDS": backends(standins), **SETTINGS}
    try:
        with AppProcess(settings) as server:
            return torment(server, standins)
    finally:
        for standin in standins:
            standin.stop()


def torment(server: AppProcess, standins: list[StandIn]) -> int:
    """Report what happened; 1 where something did that should not."""
    before = census(server)
    chaos = Chaos(server.url, seed=2026, concurrency=CONCURRENCY)
    held = []
    for _ in range(2):
        asyncio.run(with_kills(chaos, standins))
        until(lambda: open_streams(server) == 0, 20)
        # Connections to the backends are kept for a moment.
        until(lambda: census(server)["sockets"] <= before["sockets"] + 1, 60)
        held.append(census(server))
    after = held[-1]
    blocks = held[1]["blocks"] - held[0]["blocks"] - LEAK_BLOCKS * STREAMS
    grown = held[1]["memory"] - held[0]["memory"] - LEAK * STREAMS
    counts = recorded(server, chaos)
    unrecorded = [name for name, count in counts.items() if count != 1]
    print(f"{chaos.endings.total()} streams, {CONCURRENCY} at a time:")
    for ending, count in chaos.endings.most_common():
        print(f"  {count:5} {ending}")
    print(f"wrong endings: {len(chaos.wrong)}; not recorded once: {len(unrecorded)}")
    print(f"left: {after} (before: {before})")
    print("grown in the second half, the runtime's leak aside:")
    print(f"  {blocks} blocks of memory, {grown / 1e6:.1f} MB of the process")
    for wrong in [*chaos.wrong, *unrecorded][:20]:
        print(f"  {wrong}", file=sys.stderr)
    counted = ("tasks", "files", "sockets")
    clean = all(after[what] <= before[what] + 1 for what in counted)
    clean = clean and blocks < NOISE_BLOCKS and grown < NOISE
    return int(bool(chaos.wrong or unrecorded or not clean))


async def with_kills(chaos: Chaos, standins: list[StandIn]) -> None:
    """A thousand streams, while the first of *standins* is killed and started anew."""
    killing = asyncio.create_task(kill_now_and_then(standins))
    try:
        await chaos.run(STREAMS)
    finally:
        killing.cancel()
        await asyncio.wait({killing})


async def kill_now_and_then(standins: list[StandIn]) -> None:
    while True:
        await asyncio.sleep(KILL_EVERY_SECONDS)
        await asyncio.to_thread(replace, standins)


def replace(standins: list[StandIn]) -> None:
    """Kill the first of *standins*; another one takes its port."""
    killed = standins[0]
    os.kill(killed.pid, signal.SIGKILL)
    killed.stop()
    standins[0] = StandIn(port=urlsplit(killed.url).port or 0)
