"""An event hub's faults, one by one: nothing is lost."""

import re
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from telemetry.sinks import event_hubs
from tests.event_hubs.emulator import EventHubs
from tests.event_hubs.faults import SERVER_BUSY, Faults
from tests.support.app_process import until
from tests.telemetry.hub_delivery import Delivery, arrive, ids

# The SDK leaves a socket that was cut to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

SILENCE_SECONDS = 3.0
"""How long a hub may say nothing: more than a slow machine connects in."""

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
