"""A connection that breaks off anywhere: the SDK reads on, or raises."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
import pytest
from langgraph_sdk import get_client

from tests.langgraph.sdk import all_of, client, new_thread, of, said, text_of
from tests.support.app_process import AppProcess

pytestmark = pytest.mark.client("langgraph-py")

QUESTION = "standin:answer tokens=12 delay_ms=5"
TEXT = " ".join(f"tok{number}" for number in range(12))
POSITIONS = 30


class CuttingProxy:
    """Carries bytes to *port*, and closes the first connection after *left* bytes of
    its answer."""

    def __init__(self, port: int, left: int) -> None:
        self._port, self._left = port, left
        self.carried = 0
        self.connections: list[asyncio.Task[None]] = []

    def accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        left = 10**9 if self.connections else self._left
        carrying = asyncio.create_task(self._carry(reader, writer, left))
        self.connections.append(carrying)

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, left: int
    ) -> None:
        there, thither = await asyncio.open_connection("127.0.0.1", self._port)
        asking = asyncio.create_task(_ask(reader, thither))
        while left > 0 and (data := await there.read(65536)):
            writer.write(data[:left])
            self.carried += len(data[:left])
            left -= len(data)
        for each in (writer, thither):
            each.close()
            with suppress(OSError):
                await each.wait_closed()
        await asking


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
    writer.close()


@asynccontextmanager
async def served(proxy: CuttingProxy) -> AsyncIterator[str]:
    server = await asyncio.start_server(proxy.accept, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/langgraph"
    finally:
        server.close()
        await asyncio.wait_for(asyncio.gather(*proxy.connections), 10)


async def read(app: AppProcess, after: int) -> tuple[str, CuttingProxy]:
    """What is read of a run whose first connection is cut *after* so many bytes."""
    proxy = CuttingProxy(httpx.URL(app.url).port or 80, after)
    async with client(app) as direct:
        thread = await new_thread(direct)
    async with served(proxy) as url, get_client(url=url, api_key=None) as sdk:
        try:
            parts = await all_of(
                sdk.runs.stream(
                    thread,
                    "chat",
                    input=said(QUESTION),
                    stream_mode=["messages-tuple", "values"],
                    stream_resumable=True,
                )
            )
        except httpx.TransportError:
            return "raised", proxy
    assert of("values", parts)[-1]["messages"][-1]["content"].strip() == TEXT
    assert [name for name, _ in parts][-1] == "end"
    return text_of(parts).strip(), proxy


@pytest.mark.tries("resume")
# Of a cut before the first number: all of it is read again.
@pytest.mark.filterwarnings("ignore:Reconnecting without a Last-Event-ID")
async def test_a_stream_that_is_cut_is_read_on_and_doubles_nothing(
    app: AppProcess,
) -> None:
    whole, proxy = await read(app, 10**9)
    assert whole == TEXT
    cuts = [proxy.carried * n // POSITIONS for n in range(1, POSITIONS)]
    found = await asyncio.gather(*(read(app, after) for after in cuts))
    told = [text for text, _ in found]
    assert {*told} <= {"raised", TEXT}
    # Until it knows where to read on, the SDK can only raise.
    assert told == sorted(told, key=lambda text: text != "raised")
    assert told.count(TEXT) > POSITIONS // 2
    assert all(len(each.connections) > 1 for text, each in found if text == TEXT)
