"""A journal's folder, and an event hub: one for each test."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from telemetry import sender
from telemetry.sinks import event_hubs
from tests.event_hubs.emulator import EventHubs
from tests.telemetry.hub_delivery import HUB


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a journal is to be; it is not there yet."""
    return tmp_path / "journal"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[EventHubs]:
    """An event hub, which is asked again soon where it has failed."""
    monkeypatch.setattr(sender, "FIRST_PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(sender, "LONGEST_PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(event_hubs, "BUSY_SECONDS", 0.05)
    with EventHubs({HUB: 2}) as hub:
        yield hub
    gc.collect()
