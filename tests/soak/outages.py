"""Streams while their store is stopped and started again, with what it had kept."""

import asyncio
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from typing import Self

import aiohttp
import redis

from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, until
from tests.support.backend_pool import closed_port
from tests.support.followed_runs import follow, numbers

STREAMS, TOKENS, OUTAGES = 30, 300, 3
QUESTION = f"standin:answer tokens={TOKENS} delay_ms=20"
DOWN_SECONDS, UP_SECONDS = 1.0, 1.0


class Redis:
    """A server that keeps on disk whatever it has said that it has."""

    def __init__(self) -> None:
        self._port = closed_port()
        self._folder = tempfile.mkdtemp()
        self.url = f"redis://127.0.0.1:{self._port}"
        self.start()

    def start(self) -> None:
        options = ["--port", str(self._port), "--bind", "127.0.0.1", "--save", ""]
        options += ["--dir", self._folder, "--appendonly", "yes"]
        options += ["--appendfsync", "always"]
        self._process = subprocess.Popen(
            ["redis-server", *options], stdout=subprocess.DEVNULL
        )
        with redis.Redis(port=self._port) as client:
            until(lambda: _answers(client))

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


@dataclass(slots=True)
class Streamed:
    run_id: str
    stream: bytes

    @property
    def whole(self) -> bool:
        return numbers(self.stream) == list(range(1, TOKENS + 2))

    @property
    def unkept(self) -> bytes:
        """What a log has of it that was complete later."""
        return self.stream.replace(b',"kept":false', b"")


def outages(standin: StandIn, store: Redis) -> int:
    """Stop *store* now and then under streams; how many are not whole, or not kept."""
    with AppProcess(azure(standin, STORE=store.url)) as server:
        server.warm()
        streamed = asyncio.run(_streamed(server, store))
        until(lambda: _open_logs(server) == 0, 30)
        again = [follow(server, each.run_id).content for each in streamed]
    cut = sum(not each.whole for each in streamed)
    said = sum(b'"kept":false' in each.stream for each in streamed)
    pairs = zip(streamed, again, strict=True)
    unequal = sum(each.unkept != found for each, found in pairs)
    print(f"redis: {OUTAGES} outages under {STREAMS} streams: {cut} cut,")
    print(
        f"  {said} said that they were not kept, {STREAMS - unequal} read again equal"
    )
    return cut + unequal


async def _streamed(server: AppProcess, store: Redis) -> list[Streamed]:
    async def flap() -> None:
        for _ in range(OUTAGES):
            await asyncio.sleep(UP_SECONDS)
            await asyncio.to_thread(store.stop)
            await asyncio.sleep(DOWN_SECONDS)
            await asyncio.to_thread(store.start)

    async with aiohttp.ClientSession(server.url) as session:
        flapping = asyncio.create_task(flap())
        asking = (_ask(session) for _ in range(STREAMS))
        found = await asyncio.gather(*asking)
        await flapping
    return found


async def _ask(session: aiohttp.ClientSession) -> Streamed:
    async with session.post("/api/chat", json={"user": QUESTION}) as answer:
        return Streamed(answer.headers["x-run-id"], await answer.read())


def _open_logs(server: AppProcess) -> int:
    checks = server.client.get("/api/health").json()["checks"]
    return int(checks["logs"]["open_logs"])
