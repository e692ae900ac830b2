"""The emulator as the SDK sees it, and how the SDK fails."""

import asyncio
import gc
import json
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator

import pytest
from azure.core.credentials import AccessToken
from azure.core.credentials_async import AsyncTokenCredential
from azure.eventhub import EventData
from azure.eventhub.aio import EventHubProducerClient
from azure.eventhub.exceptions import (
    AuthenticationError,
    ConnectError,
    ConnectionLostError,
    EventDataSendError,
)

from tests.event_hubs.consumer import read_all
from tests.event_hubs.emulator import EventHubs
from tests.event_hubs.faults import SERVER_BUSY, Faults
from tests.event_hubs.hub_links import start
from tests.event_hubs.message import Message, Section
from tests.event_hubs.store import Event, Hub

# The SDK leaves a socket that was cut to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture
def hub() -> Iterator[EventHubs]:
    with EventHubs({"telemetry": 1}) as hub:
        yield hub
    gc.collect()


class Identity(AsyncTokenCredential):
    """Who is signed in to Entra ID."""

    async def get_token(self, *scopes: str, **_: object) -> AccessToken:
        return AccessToken("a token", int(time.time()) + 3600)

    async def close(self) -> None:
        pass

    async def __aexit__(self, *_: object) -> None:
        pass


def producer(connection_string: str) -> EventHubProducerClient:
    return EventHubProducerClient.from_connection_string(
        connection_string, retry_total=0, retry_backoff_factor=0.05
    )


async def send(client: EventHubProducerClient, *texts: str) -> None:
    """Send *texts* as one batch; they are the message ids too."""
    batch = await client.create_batch()
    for text in texts:
        event = EventData(json.dumps({"text": text}))
        event.message_id = text
        event.properties = {"id": text}
        batch.add(event)
    await client.send_batch(batch)


def send_once(client: EventHubProducerClient, *texts: str) -> None:
    async def bounded() -> None:
        try:
            await asyncio.wait_for(send(client, *texts), 20)
        finally:
            await asyncio.wait_for(client.close(), 10)

    asyncio.run(bounded())


def ids(hub: EventHubs) -> list[object]:
    return [event.message_id for event in hub.events("telemetry")]


def test_a_batch_is_stored_as_its_events_and_read_back(hub: EventHubs) -> None:
    send_once(producer(hub.connection_string("telemetry")), "one", "two")

    stored = hub.wait_for("telemetry", 2)
    assert [event.json() for event in stored] == [{"text": "one"}, {"text": "two"}]
    assert [event.message_id for event in stored] == ["one", "two"]
    assert [event.properties for event in stored] == [{"id": "one"}, {"id": "two"}]

    read = read_all(hub.connection_string("telemetry"), "telemetry", 2)
    assert [event.body_as_json() for event in read] == [
        event.json() for event in stored
    ]
    assert [event.message_id for event in read] == ["one", "two"]
    assert [event.sequence_number for event in read] == [0, 1]


def test_a_token_of_entra_id_is_accepted(hub: EventHubs) -> None:
    host = f"127.0.0.1:{hub.port}"
    send_once(
        EventHubProducerClient(host, "telemetry", Identity(), use_tls=False), "one"
    )
    assert ids(hub) == ["one"]


def test_the_port_refuses_while_down_and_is_the_same_when_up(hub: EventHubs) -> None:
    hub.down()
    with pytest.raises(ConnectError):
        send_once(producer(hub.connection_string("telemetry")), "lost")
    hub.up()
    send_once(producer(hub.connection_string("telemetry")), "kept")
    assert ids(hub) == ["kept"]


type Ending = tuple[type[Exception] | None, int]
"""What sending raised, and how often the event is stored."""


async def ending(
    faults: Faults | None = None,
    *,
    name: str = "telemetry",
    key: str | None = None,
    connected: Callable[[EventHubs], None] | None = None,
    seconds: float = 20,
) -> Ending:
    """How sending ends with *faults*, or after *connected* is called."""
    with EventHubs({"telemetry": 1}) as hub:
        client = producer(hub.connection_string(name, key=key))
        if connected:
            await asyncio.wait_for(send(client, "one"), 20)
            connected(hub)
        hub.faults = faults or Faults()
        raised = None
        try:
            await asyncio.wait_for(send(client, "two"), seconds)
        except Exception as exc:
            raised = type(exc)
        await asyncio.wait_for(client.close(), 10)
        return raised, ids(hub).count("two")


async def hanging(faults: Faults) -> Ending:
    return await ending(faults, seconds=4)


def test_sending_ends_as_expected_with_each_fault() -> None:
    """All at once, because the SDK takes its time; where it hangs, it is cancelled."""
    expected: list[tuple[Awaitable[Ending], Ending]] = [
        (ending(key="another"), (AuthenticationError, 0)),
        (ending(Faults(refuse_tokens=True)), (AuthenticationError, 0)),
        (ending(name="unknown"), (ConnectionLostError, 0)),
        (ending(Faults(hang_up=True)), (ConnectError, 0)),
        (ending(Faults(max_message_size=20)), (ValueError, 0)),
        (
            ending(Faults(max_message_size=20), connected=EventHubs.up),
            (ConnectionLostError, 0),
        ),
        (ending(connected=EventHubs.down), (ConnectError, 0)),
        (ending(connected=EventHubs.drop_connections), (None, 1)),
        (ending(connected=EventHubs.detach_producers), (ConnectionLostError, 0)),
        (ending(Faults(settle="detach")), (ConnectionLostError, 0)),
        (ending(Faults(settle=SERVER_BUSY)), (EventDataSendError, 0)),
        (ending(Faults(settle="drop")), (ConnectError, 0)),
        # Although it is told not to, it sends again: what was stored is there twice.
        (ending(Faults(settle_script=deque(["store-drop"]))), (None, 2)),
        (ending(Faults(settle="store-drop")), (ConnectError, 2)),
        (hanging(Faults(settle="release")), (TimeoutError, 0)),
        (hanging(Faults(settle="modify")), (TimeoutError, 0)),
        (hanging(Faults(settle="never")), (TimeoutError, 0)),
        (hanging(Faults(settle="store-never")), (TimeoutError, 1)),
        (hanging(Faults(settle_delay=60)), (TimeoutError, 1)),
        (hanging(Faults(mute="connection")), (TimeoutError, 0)),
        (hanging(Faults(mute="after-sasl")), (TimeoutError, 0)),
        (hanging(Faults(mute="attach")), (TimeoutError, 0)),
    ]

    async def all_at_once() -> list[Ending]:
        return await asyncio.gather(*(each for each, _ in expected))

    assert asyncio.run(all_at_once()) == [how for _, how in expected]
    gc.collect()


@pytest.mark.parametrize(
    ("selector", "position"),
    [
        ("amqp.annotation.x-opt-offset > '-1'", 0),
        ("amqp.annotation.x-opt-offset > '100'", 2),
        ("amqp.annotation.x-opt-offset >= '100'", 1),
        ("amqp.annotation.x-opt-offset > '@latest'", 3),
        ("amqp.annotation.x-opt-sequence-number > '1'", 2),
        ("amqp.annotation.x-opt-sequence-number >= '3'", 3),
        ("amqp.annotation.x-opt-enqueued-time > '5001'", 2),
        (None, 3),
    ],
)
def test_a_consumer_starts_where_its_selector_says(
    selector: str | None, position: int
) -> None:
    events = [
        Event("0", number, number * 100, 5000 + number, Message())
        for number in range(3)
    ]
    assert start(events, selector) == position


def test_partitions_take_turns_but_for_events_of_one_key() -> None:
    hub = Hub("telemetry", 2)
    message = Section.DATA.encode(b"{}")
    keyed = Message.decode(message).annotated({"x-opt-partition-key": "a key"})
    for encoded in (message, message, keyed, message, keyed):
        hub.store(encoded, message_format=0, partition=None)
    hub.store(message, message_format=0, partition="1")
    first, second, one, third, other, last = [e.partition for e in hub.events()]
    assert {first, second} == {"0", "1"}
    assert third == first
    assert one == other
    assert last == "1"
