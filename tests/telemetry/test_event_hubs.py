"""The journal to Event Hubs, over AMQP: each fault one by one, and nothing is lost."""

import gc
import json
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from azure.eventhub.aio import EventHubProducerClient

from settings import Settings
from telemetry import records, sender
from telemetry.journal import Journal
from telemetry.runs import Run
from telemetry.sender import Sender
from telemetry.sinks import event_hubs
from telemetry.sinks.event_hubs import EventHubsSink
from tests.event_hubs.consumer import read_all
from tests.event_hubs.emulator import EventHubs
from tests.event_hubs.faults import SERVER_BUSY, Faults
from tests.server import until

# The SDK leaves a socket that was cut to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

HUB = "telemetry"

SILENCE_SECONDS = 3.0
"""How long a hub may say nothing: more than a slow machine connects in."""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[EventHubs]:
    monkeypatch.setattr(sender, "FIRST_PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(sender, "LONGEST_PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(event_hubs, "BUSY_SECONDS", 0.05)
    with EventHubs({HUB: 2}) as hub:
        yield hub
    gc.collect()


class Delivery:
    """A journal whose records go to *hub*; leaving its `with` drains it.

    Those with the ids *before* are there before the first is sent.
    """

    def __init__(
        self,
        folder: Path,
        hub: EventHubs,
        *,
        key: str | None = None,
        before: Sequence[str] = (),
        send_seconds: float = event_hubs.SEND_SECONDS,
    ) -> None:
        def connect() -> EventHubProducerClient:
            return EventHubProducerClient.from_connection_string(
                hub.connection_string(HUB, key=key),
                retry_total=0,
                retry_backoff_factor=0.05,
            )

        self.journal = Journal(folder, ["hub"], keep=False)
        sink = EventHubsSink(connect, send_seconds=send_seconds)
        self.sender = Sender("hub", sink, self.journal)
        self.seconds = 20.0
        self.append(*before)
        self.sender.start()

    def append(self, *ids: str, **more: Any) -> None:
        """Records of runs with these *ids*."""
        for each in ids:
            run = Run(id=each, chain="chat", dialect="json")
            run.finish()
            record = records.build(run, content=False)
            self.journal.append(records.dumps({**record, **more}))

    def failed(self, times: int = 1) -> None:
        """Wait until the sender has failed *times* in a row."""
        until(lambda: self.sender.failures >= times, 40)

    def __enter__(self) -> "Delivery":
        return self

    def __exit__(self, *_: object) -> None:
        self.sender.stop(self.seconds)
        self.sender.join()
        self.journal.close()


def ids(hub: EventHubs) -> list[Any]:
    return [event.message_id for event in hub.events(HUB)]


def dead_letters(folder: Path) -> str:
    [path] = folder.glob("dead-letters-*.ndjson")
    return path.read_text()


def arrive(hub: EventHubs, *expected: str) -> None:
    """Each of *expected* is in *hub*, and nothing else."""
    until(lambda: set(ids(hub)) == set(expected), 40)


def test_an_event_is_the_record_and_says_which(tmp_path: Path, hub: EventHubs) -> None:
    with Delivery(tmp_path, hub) as delivery:
        delivery.append("run-1", "run-2")
        arrive(hub, "run-1", "run-2")
    read = read_all(hub.connection_string(HUB), HUB, 2)
    event = next(each for each in read if each.message_id == "run-1")
    assert event.content_type == "application/json"
    properties: Mapping[Any, Any] = dict(event.properties or {})
    assert {bytes(name): value for name, value in properties.items()} == {
        b"id": b"run-1",
        b"type": b"stream_completion",
        b"schema": 1,
    }
    body = event.body_as_json()
    assert (body["id"], body["status"], body["chain"]) == ("run-1", "ok", "chat")
    assert "calls" not in body
    assert event.partition_key is None


def test_many_are_sent_together(tmp_path: Path, hub: EventHubs) -> None:
    many = [f"run-{number}" for number in range(300)]
    with Delivery(tmp_path, hub) as delivery:
        delivery.append(*many)
        arrive(hub, *many)
    assert sorted(ids(hub)) == sorted(many)  # None of them twice.
    assert list(tmp_path.iterdir()) == []


SETTLED = ["never", "release", "modify", SERVER_BUSY, "detach", "drop"]


@pytest.mark.parametrize("outcome", SETTLED, ids=str)
def test_what_is_not_accepted_is_sent_again(
    tmp_path: Path, hub: EventHubs, outcome: Any
) -> None:
    hub.faults.settle = outcome
    with Delivery(tmp_path, hub, send_seconds=SILENCE_SECONDS) as delivery:
        delivery.append("1", "2")
        delivery.failed()
        assert ids(hub) == []
        hub.faults = Faults()
        delivery.append("3")
        arrive(hub, "1", "2", "3")


@pytest.mark.parametrize("outcome", ["store-drop", "store-never"])
def test_what_was_stored_unheard_comes_twice_with_one_id(
    tmp_path: Path, hub: EventHubs, outcome: Any
) -> None:
    hub.faults.settle_script = deque([outcome])
    with Delivery(tmp_path, hub, send_seconds=SILENCE_SECONDS) as delivery:
        delivery.append("1")
        until(lambda: len(ids(hub)) > 1, 40)
    assert set(ids(hub)) == {"1"}


@pytest.mark.parametrize("mute", ["connection", "after-sasl", "attach"])
def test_a_hub_that_says_nothing_is_left_and_asked_again(
    tmp_path: Path, hub: EventHubs, mute: Any
) -> None:
    hub.faults.mute = mute
    with Delivery(tmp_path, hub, send_seconds=SILENCE_SECONDS) as delivery:
        delivery.append("1")
        delivery.failed()
        hub.faults = Faults()
        arrive(hub, "1")


@pytest.mark.parametrize(
    "fault", [Faults(refuse_tokens=True), Faults(hang_up=True)], ids=["401", "hang up"]
)
def test_a_hub_that_refuses_is_asked_again(
    tmp_path: Path, hub: EventHubs, fault: Faults
) -> None:
    hub.faults = fault
    with Delivery(tmp_path, hub) as delivery:
        delivery.append("1")
        delivery.failed(2)
        hub.faults = Faults()
        arrive(hub, "1")


def test_a_wrong_key_loses_nothing(tmp_path: Path, hub: EventHubs) -> None:
    with Delivery(tmp_path, hub, key="another") as delivery:
        delivery.append("1")
        delivery.failed(2)
        [notice] = delivery.sender.notices.take()
        assert re.fullmatch(r"AuthenticationError, \d+ in a row", notice)
        delivery.seconds = 0
    with Delivery(tmp_path, hub):
        arrive(hub, "1")


def test_an_unknown_hub_loses_nothing(tmp_path: Path, hub: EventHubs) -> None:
    with EventHubs({"another": 1}) as without, Delivery(tmp_path, without) as delivery:
        delivery.append("1")
        delivery.failed(2)
        delivery.seconds = 0
    with Delivery(tmp_path, hub):
        arrive(hub, "1")


def test_a_hub_that_is_down_all_the_time_gets_it_from_the_next_process(
    tmp_path: Path, hub: EventHubs
) -> None:
    hub.down()
    with Delivery(tmp_path, hub) as delivery:
        delivery.append("1", "2")
        delivery.failed()
        delivery.seconds = 0
    hub.up()
    with Delivery(tmp_path, hub):
        arrive(hub, "1", "2")


def test_a_hub_that_comes_and_goes_gets_everything(
    tmp_path: Path, hub: EventHubs
) -> None:
    sent = []
    with Delivery(tmp_path, hub) as delivery:
        for round_ in range(4):
            sent.append(f"up-{round_}")
            delivery.append(sent[-1])
            until(lambda: sent[-1] in ids(hub), 40)
            hub.down()
            sent.append(f"down-{round_}")
            delivery.append(sent[-1])
            delivery.failed()
            hub.up()
        arrive(hub, *sent)


@pytest.mark.parametrize(
    "cut",
    [EventHubs.detach_producers, EventHubs.drop_connections],
    ids=lambda cut: cut.__name__,
)
def test_a_link_that_was_lost_in_between_is_made_again(
    tmp_path: Path, hub: EventHubs, cut: Callable[[EventHubs], None]
) -> None:
    with Delivery(tmp_path, hub) as delivery:
        delivery.append("1")
        arrive(hub, "1")
        cut(hub)
        delivery.append("2")
        arrive(hub, "1", "2")


def test_slow_acknowledgements_delay_and_lose_nothing(
    tmp_path: Path, hub: EventHubs
) -> None:
    hub.faults.settle_delay = 0.3
    with Delivery(tmp_path, hub) as delivery:
        delivery.append("1")
        arrive(hub, "1")
        delivery.append("2", "3")
        arrive(hub, "1", "2", "3")
        assert delivery.sender.failures == 0


def test_a_bad_record_does_not_take_its_batch_along(
    tmp_path: Path, hub: EventHubs
) -> None:
    hub.faults.poison = b'"id":"3"'
    with Delivery(tmp_path, hub, before=["1", "2", "3", "4"]) as delivery:
        arrive(hub, "1", "2", "4")
        until(lambda: delivery.sender.rejected == 1)
    [dead] = dead_letters(tmp_path).splitlines()
    assert json.loads(dead)["id"] == "3"
    rejected = "rejected the record 3: argument-error; 1 so far"
    assert rejected in delivery.sender.notices.take()


def test_a_record_that_is_too_large_loses_its_content_and_no_number(
    tmp_path: Path, hub: EventHubs
) -> None:
    hub.faults.max_message_size = 10_000
    with Delivery(tmp_path, hub) as delivery:
        delivery.append("1", content="short", prompt=None)
        delivery.append("2", content="x" * 20_000, prompt=[{"role": "user"}])
        delivery.append("3", content=None, prompt=None)
        arrive(hub, "1", "2", "3")
    bodies: dict[Any, Any] = {
        event.message_id: event.json() for event in hub.events(HUB)
    }
    assert bodies["1"]["content"] == "short"
    assert (bodies["2"]["content"], bodies["2"]["prompt"]) == (None, None)
    assert bodies["2"]["truncated"] is True
    assert bodies["2"]["usage"] == bodies["1"]["usage"]
    assert "truncated" not in bodies["3"]


def test_numbers_that_are_too_large_are_a_dead_letter(
    tmp_path: Path, hub: EventHubs
) -> None:
    hub.faults.max_message_size = 10_000
    with Delivery(tmp_path, hub) as delivery:
        delivery.append("1", principal="x" * 20_000)
        delivery.append("2")
        arrive(hub, "2")
        until(lambda: delivery.sender.rejected == 1)
    [dead] = dead_letters(tmp_path).splitlines()
    assert json.loads(dead)["id"] == "1"


def test_a_connection_that_was_idle_is_made_anew(
    tmp_path: Path, hub: EventHubs, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Delivery(tmp_path, hub) as delivery:
        delivery.append("1")
        arrive(hub, "1")
        monkeypatch.setattr(event_hubs, "IDLE_SECONDS", -1)
        delivery.append("2")
        arrive(hub, "1", "2")
        assert delivery.sender.failures == 0


def test_without_a_hub_there_is_no_sink() -> None:
    assert event_hubs.build(Settings()) is None
