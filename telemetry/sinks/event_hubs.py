"""Each run as one JSON event in Azure Event Hubs, at least once.

An event's message id and its property `id` are the run's id, by which a consumer can
drop an event that came twice.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import cache
from time import monotonic
from typing import TYPE_CHECKING, Any

from settings import Settings
from telemetry import records
from telemetry.records import Record
from telemetry.sinks import Rejected, Sink, Unavailable

if TYPE_CHECKING:
    from azure.eventhub import EventData, EventDataBatch
    from azure.eventhub.aio import EventHubProducerClient
    from azure.identity.aio import DefaultAzureCredential

SEND_SECONDS, CLOSE_SECONDS = 20.0, 2.0
"""Our timeouts: the SDK's own do not hold if the service is silent."""

IDLE_SECONDS = 200
"""A connection idle for longer is replaced: the service closes it after 240 seconds."""

BUSY_SECONDS = 4
"""The pause after a busy answer, from the documentation of the service's quotas."""

BATCH_BYTES = 200_000
"""The size of a batch: the basic tier takes 256 KB, and encoding takes time."""

BREATH = 8
"""Events encoded before other threads have their turn."""

# Errors of an event, not of the connection: sending it again changes nothing.
_REJECTED = frozenset(
    {
        "link:message-size-exceeded",
        "decode-error",
        "invalid-field",
        "not-implemented",
        "argument-error",
    }
)
_BUSY = frozenset(
    {"server-busy", "resource-limit-exceeded", "link:transfer-limit-exceeded"}
)


class _Loop(asyncio.SelectorEventLoop):
    """Resolves hosts in its own thread: at exit, no other thread can be started."""

    async def getaddrinfo(
        self, host: bytes | str | None, port: bytes | str | int | None, **hints: int
    ) -> list[Any]:  # How an address is typed depends on mypy's version.
        return socket.getaddrinfo(host, port, **hints)


class EventHubsSink(Sink):
    """Sends records through the client that *connect* makes.

    A client that has failed is replaced: after a timeout it may lose its next message.
    """

    durable = True

    def __init__(
        self,
        connect: "Callable[[], EventHubProducerClient]",
        *,
        send_seconds: float = SEND_SECONDS,
    ) -> None:
        self._connect, self._send_seconds = connect, send_seconds
        self._client: EventHubProducerClient | None = None
        self._runner = asyncio.Runner(loop_factory=_Loop)
        self._used_at = 0.0

    def open(self) -> None:
        """Import the SDK and connect, which takes half a second."""
        self._run(self._client_now())

    def emit(self, records_: Sequence[Record]) -> None:
        self._run(self._send(records_))

    def close(self) -> None:
        self._runner.run(self._drop())
        self._runner.close()

    def _run(self, work: Awaitable[object]) -> None:
        try:
            self._runner.run(asyncio.wait_for(work, self._send_seconds))
        except Rejected:
            raise  # Nothing was sent.
        except (Exception, asyncio.CancelledError) as exc:
            self._runner.run(self._drop())
            condition = getattr(exc, "error", None)
            if condition in _REJECTED:
                raise Rejected(str(condition)) from exc
            busy = BUSY_SECONDS if condition in _BUSY else 0
            raise Unavailable("not sent", retry_after=busy) from exc
        self._used_at = monotonic()

    async def _client_now(self) -> "EventHubProducerClient":
        if self._client is not None and monotonic() - self._used_at > IDLE_SECONDS:
            await self._drop()
        if self._client is None:
            self._client = self._connect()
            # Opens the link, which has the size that a batch may have.
            await self._client.create_batch()
        return self._client

    async def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(Exception):
                await asyncio.wait_for(client.close(), CLOSE_SECONDS)

    async def _send(self, records_: Sequence[Record]) -> None:
        """Send all in one batch, which the hub takes whole or not at all."""
        client = await self._client_now()
        if len(records_) == 1:
            batch = await _alone(client, records_[0])
        else:
            batch = await _batch(client)
            for number, record in enumerate(records_):
                if number % BREATH == 0:
                    await asyncio.sleep(0)
                if not _added(batch, record):
                    raise Rejected("more than the hub takes at once")
        await client.send_batch(batch)


async def _alone(client: "EventHubProducerClient", record: Record) -> "EventDataBatch":
    batch = await client.create_batch()
    # Its content may be left out, its numbers may not.
    cut = records.truncated(record)
    if not _added(batch, record) and not _added(batch, cut):
        raise Rejected("larger than the hub takes")
    return batch


async def _batch(client: "EventHubProducerClient") -> "EventDataBatch":
    try:
        return await client.create_batch(max_size_in_bytes=BATCH_BYTES)
    except ValueError:  # The hub takes less.
        return await client.create_batch()


def _added(batch: "EventDataBatch", record: Record) -> bool:
    try:
        batch.add(_event(record))
    except ValueError:
        return False
    except Exception as exc:
        raise Rejected(f"it is no record: {type(exc).__name__}") from exc
    return True


def _event(record: Record) -> "EventData":
    from azure.eventhub import EventData

    event = EventData(records.dumps(records.published(record)))
    event.content_type = "application/json"
    event.message_id = record["id"]
    event.properties = {
        "id": record["id"],
        "type": record["type"],
        "schema": record["schema"],
    }
    return event


def build(settings: Settings) -> EventHubsSink | None:
    """The sink, if a hub is configured; it connects later."""
    if settings.event_hub is None:
        return None
    return EventHubsSink(lambda: _connect(settings))


def _connect(settings: Settings) -> "EventHubProducerClient":
    # A tenth of a second, which only this sink's own thread waits for.
    from azure.eventhub.aio import EventHubProducerClient

    # This sink tries again itself; the SDK would sleep after its last attempt too.
    retries, backoff = 0, 0.05
    hub = str(settings.event_hub)
    if settings.azure_eventhub_conn_str:
        return EventHubProducerClient.from_connection_string(
            settings.azure_eventhub_conn_str.get_secret_value(),
            eventhub_name=hub,
            retry_total=retries,
            retry_backoff_factor=backoff,
        )
    host = str(settings.azure_eventhub_namespace)
    return EventHubProducerClient(
        host, hub, _identity(), retry_total=retries, retry_backoff_factor=backoff
    )


@cache
def _identity() -> "DefaultAzureCredential":
    """One identity for all connections, as it keeps its token."""
    from azure.identity.aio import DefaultAzureCredential

    return DefaultAzureCredential()
