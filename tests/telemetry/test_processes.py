"""Signals: what a process that ends, freezes or is killed still delivers."""

import os
import random
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import httpx
import pytest

from tests.conftest import azure
from tests.event_hubs.emulator import EventHubs
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, read_events, until
from tests.telemetry.journal_contents import files

HUB = "telemetry"


@pytest.fixture
def hub() -> Iterator[EventHubs]:
    with EventHubs({HUB: 2}) as hub:
        yield hub


@pytest.fixture
def journal() -> Iterator[Path]:
    """A folder for journals that outlives the process."""
    folder = Path(mkdtemp())
    yield folder
    shutil.rmtree(folder)


def serve(standin: StandIn, hub: EventHubs, journal: Path) -> AppProcess:
    # By its name, as in Azure: names are looked up, addresses are not.
    by_name = hub.connection_string(HUB).replace("127.0.0.1", "localhost")
    settings = {
        "AZURE_EVENTHUB_CONN_STR": by_name,
        "TELEMETRY_PATH": str(journal),
    }
    return AppProcess(azure(standin, **settings))


def runs(server: AppProcess, count: int = 1) -> set[str]:
    """Have *count* answers, and give their runs' ids."""
    found = set()
    for _ in range(count):
        name, done = server.events("standin:answer")[-1]
        assert name == "done"
        found.add(done["run_id"])
    return found


def ids(hub: EventHubs) -> set[Any]:
    return {event.message_id for event in hub.events(HUB)}


def test_a_process_that_is_told_to_end_delivers_first(
    standin: StandIn, hub: EventHubs, journal: Path
) -> None:
    with serve(standin, hub, journal) as server:
        expected = runs(server, 5)
    assert ids(hub) == expected
    assert files(journal) == [".jsonl"]
    assert b"standin:" not in b"".join(each.read_bytes() for each in journal.iterdir())


def test_a_process_that_has_to_connect_anew_delivers_before_it_ends(
    standin: StandIn, hub: EventHubs, journal: Path
) -> None:
    with serve(standin, hub, journal) as server:
        expected = runs(server)
        until(lambda: ids(hub) == expected, 20)
        hub.drop_connections()
        expected |= runs(server)
    assert ids(hub) == expected
    assert files(journal) == [".jsonl"]
    assert b"standin:" not in b"".join(each.read_bytes() for each in journal.iterdir())


def test_with_the_hub_down_it_ends_all_the_same_and_the_next_one_delivers(
    standin: StandIn, hub: EventHubs, journal: Path
) -> None:
    hub.down()
    with serve(standin, hub, journal) as server:
        expected = runs(server, 3)
        assert server.stop() == 0
    assert ids(hub) == set()
    hub.up()
    with serve(standin, hub, journal):
        until(lambda: ids(hub) == expected, 20)


def test_a_process_that_was_frozen_goes_on_delivering(
    standin: StandIn, hub: EventHubs, journal: Path
) -> None:
    with serve(standin, hub, journal) as server:
        expected = runs(server)
        os.kill(server.pid, signal.SIGSTOP)
        hub.drop_connections()
        os.kill(server.pid, signal.SIGCONT)
        expected |= runs(server)
        until(lambda: ids(hub) == expected, 20)


def test_a_kill_amid_an_outage_loses_no_run_whose_done_was_received(
    standin: StandIn, hub: EventHubs, journal: Path
) -> None:
    hub.down()
    done: set[str] = set()
    with serve(standin, hub, journal) as server:
        runs(server)
        callers = [
            threading.Thread(target=keep_asking, args=(server.url, done))
            for _ in range(8)
        ]
        for caller in callers:
            caller.start()
        enough = random.Random(1).randint(20, 60)  # Callers are in all states then.
        until(lambda: len(done) >= enough, 20)
        os.kill(server.pid, signal.SIGKILL)
        for caller in callers:
            caller.join(10)
    hub.up()
    with serve(standin, hub, journal):
        until(lambda: done <= ids(hub), 20)


def keep_asking(url: str, done: set[str]) -> None:
    """Ask until the server is gone; whatever has a `done` is in *done*."""
    body = {"user": "standin:answer tokens=5 delay_ms=2"}
    with httpx.Client(base_url=url, timeout=20) as client, suppress(httpx.HTTPError):
        while True:
            name, last = read_events(client.post("/api/chat", json=body))[-1]
            if name == "done":
                done.add(last["run_id"])
