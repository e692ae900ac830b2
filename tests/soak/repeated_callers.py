"""Callers who ask again and again, and remember which runs had their `done`."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp


@dataclass(slots=True)
class Load:
    """*callers* who ask *body* of a server, one answer after the other."""

    body: Mapping[str, object]
    callers: int = 16
    done: list[str] = field(default_factory=list)
    """The ids of the runs whose `done` was received."""

    async def run(self, url: str, seconds: float) -> None:
        """Ask for *seconds*, or until the server is gone."""
        connector = aiohttp.TCPConnector(limit=0)
        until = asyncio.get_running_loop().time() + seconds
        async with aiohttp.ClientSession(url, connector=connector) as session:
            asking = (self._ask_on(session, until) for _ in range(self.callers))
            await asyncio.gather(*asking)

    async def _ask_on(self, session: aiohttp.ClientSession, until: float) -> None:
        while asyncio.get_running_loop().time() < until:
            try:
                await self._ask(session)
            except (aiohttp.ClientError, OSError):
                return

    async def _ask(self, session: aiohttp.ClientSession) -> None:
        async with session.post("/api/chat", json=self.body) as answer:
            answer.raise_for_status()
            event = b""
            async for line in answer.content:
                if line.startswith(b"event: "):
                    event = line.strip()
                elif line.startswith(b"data: ") and event == b"event: done":
                    self.done.append(json.loads(line[6:])["run_id"])
