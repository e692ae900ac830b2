"""A TCP proxy that can be down, slow, mute, or cut or lose what it carries."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal, Self

Fault = Literal["none", "down", "slow", "mute", "cut", "lost"]
"""`mute` sends no answer to what has arrived; `lost` closes instead."""


class FaultyProxy:
    """Carries bytes to *port*, as *fault* lets it; a test may change that."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.fault: Fault = "none"
        self.port = 0
        self._open: set[asyncio.StreamWriter] = set()

    @asynccontextmanager
    async def served(self) -> AsyncIterator[Self]:
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.cut()
            await server.wait_closed()

    def cut(self) -> None:
        """Close what is open."""
        for writer in self._open:
            writer.close()

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if self.fault == "down":
            writer.close()
            return
        there, thither = await asyncio.open_connection("127.0.0.1", self._port)
        self._open |= {writer, thither}
        try:
            await asyncio.gather(
                self._pass(reader, thither, answers=False),
                self._pass(there, writer, answers=True),
            )
        except OSError:
            pass
        finally:
            self._open -= {writer, thither}
            writer.close()
            thither.close()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answers: bool
    ) -> None:
        while (data := await reader.read(65536)) and self.fault != "down":
            if answers and self.fault == "slow":
                await asyncio.sleep(2)
            if answers and self.fault == "mute":
                continue
            if answers and self.fault == "lost":
                break
            if answers and self.fault == "cut":
                data = data[: len(data) // 2]
            writer.write(data)
            await writer.drain()
            if answers and self.fault == "cut":
                break
        writer.close()
