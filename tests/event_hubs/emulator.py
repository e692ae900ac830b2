"""`EventHubs`: an event hubs namespace on loopback, on a thread of its own."""

import asyncio
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from tests.event_hubs.broker import Broker
from tests.event_hubs.connection import Connection
from tests.event_hubs.faults import Faults
from tests.event_hubs.store import Event, Hub
from tests.event_hubs.tokens import KEY_NAME

HOST = "127.0.0.1"
CALL_SECONDS = 5


class EventHubs:
    """A namespace with *hubs*, each with a number of partitions.

    It runs within its `with`, and any thread may call its methods. They block: in a
    test whose event loop also sends, use `anyio.to_thread.run_sync` for `wait_for`.
    """

    def __init__(self, hubs: dict[str, int], *, key: str = "the-hubs-key") -> None:
        by_name = {name.lower(): Hub(name, count) for name, count in hubs.items()}
        self._broker = Broker(by_name, key)
        self._socket = _bound()
        self.port: int = self._socket.getsockname()[1]
        self._server: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def faults(self) -> Faults:
        """What goes wrong; set its fields, or `Faults()` for nothing more."""
        return self._broker.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._broker.faults = faults

    def connection_string(self, hub: str, *, key: str | None = None) -> str:
        """What a client connects with, or does not if *key* is another one."""
        return (
            f"Endpoint=sb://{HOST}:{self.port};SharedAccessKeyName={KEY_NAME};"
            f"SharedAccessKey={key or self._broker.key};EntityPath={hub};"
            "UseDevelopmentEmulator=true"
        )

    def events(self, hub: str) -> list[Event]:
        """What *hub* has, in the order in which it was stored."""
        return self._broker.hubs[hub.lower()].events()

    def wait_for(self, hub: str, count: int, seconds: float = 5) -> list[Event]:
        """What *hub* has once it has *count* events, or `TimeoutError`."""
        return self._broker.hubs[hub.lower()].wait_for(count, seconds)

    def down(self) -> None:
        """Cut every connection and refuse new ones; a second time does nothing."""
        self._call(self._down)

    def up(self) -> None:
        """Accept connections again, on the same port."""
        asyncio.run_coroutine_threadsafe(self._up(), self._loop).result(CALL_SECONDS)

    def detach_producers(self) -> None:
        """Detach every producer's link, as the service does with idle ones."""
        self._call(self._broker.detach_producers)

    def drop_connections(self) -> None:
        """Cut every connection; clients may connect again."""
        self._call(self._broker.drop_connections)

    def __enter__(self) -> Self:
        self._thread.start()
        self.up()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.down()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CALL_SECONDS)
        self._loop.close()
        self._socket.close()

    def _call(self, function: Callable[[], None]) -> None:
        """Call *function* on the emulator's loop."""

        async def call() -> None:
            function()

        asyncio.run_coroutine_threadsafe(call(), self._loop).result(CALL_SECONDS)

    async def _up(self) -> None:
        if self._server is None:
            self._server = await self._loop.create_server(
                lambda: Connection(self._broker), sock=self._socket
            )

    def _down(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
            self._broker.drop_connections()
            self._socket = _bound(self.port)


def _bound(port: int = 0) -> socket.socket:
    """A socket that holds *port* and, as long as it does not listen, refuses."""
    bound = socket.socket()
    # Connections that were cut a moment ago still have the port.
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((HOST, port))
    return bound
