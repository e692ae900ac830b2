"""The journal to Event Hubs, over AMQP: each record is an event, or a dead letter."""

import json
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from settings import Settings
from telemetry.sinks import event_hubs
from tests.event_hubs.consumer import read_all
from tests.event_hubs.emulator import EventHubs
from tests.event_hubs.faults import SERVER_BUSY
from tests.support.app_process import until
from tests.telemetry.hub_delivery import HUB, Delivery, arrive, ids

# The SDK leaves a socket that was cut to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def dead_letters(folder: Path) -> str:
    [path] = folder.glob("dead-letters-*.ndjson")
    return path.read_text()


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
    assert [path.suffix for path in tmp_path.iterdir()] == [".jsonl"]  # Delivered.


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


def test_without_a_hub_there_is_no_sink() -> None:
    assert event_hubs.build(Settings()) is None


ODD: list[Mapping[str, Any]] = [
    {"id": "half \ud800"},
    {"id": [1]},
    {"id": {"a": 1}},
    {"schema": 10**400},
    {"schema": {"a": [None]}},
    {"type": ["x"]},
]


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_what_cannot_be_encoded_is_rejected_alone(
    tmp_path: Path, hub: EventHubs, odd: Mapping[str, Any]
) -> None:
    with Delivery(tmp_path, hub, before=["1", "2"]) as delivery:
        delivery.append("3", **odd)
        delivery.append("4", "5")
        until(lambda: delivery.sender.sent + delivery.sender.rejected == 5, 40)
    good = [each for each in ids(hub) if each in ("1", "2", "4", "5")]
    assert sorted(good) == ["1", "2", "4", "5"]
    assert len(ids(hub)) == 5 - delivery.sender.rejected


@pytest.mark.parametrize("outcome", ["release", "detach", SERVER_BUSY], ids=str)
def test_what_the_hub_has_is_not_sent_again_for_what_it_has_not(
    tmp_path: Path, hub: EventHubs, outcome: Any
) -> None:
    """Not all that is read at once goes into one batch of so small a hub."""
    hub.faults.max_message_size = 10_000
    hub.faults.settle_script = deque(["accept", outcome])
    many = [f"run-{number}" for number in range(12)]
    with Delivery(tmp_path, hub) as delivery:
        delivery.append(*many, content="x" * 3000)
        arrive(hub, *many)
        until(lambda: delivery.sender.sent == 12)
    assert sorted(ids(hub)) == sorted(many)
