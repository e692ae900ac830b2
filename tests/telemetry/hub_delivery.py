"""`Delivery`: a journal whose records go to an event hub, and what the hub has."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from azure.eventhub.aio import EventHubProducerClient

from runs import Run
from telemetry import records
from telemetry.journal import Journal
from telemetry.sender import Sender
from telemetry.sinks import event_hubs
from telemetry.sinks.event_hubs import EventHubsSink
from tests.event_hubs.emulator import EventHubs
from tests.support.app_process import until

HUB = "telemetry"


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
    """Of each event that *hub* has, its record's id."""
    return [event.message_id for event in hub.events(HUB)]


def arrive(hub: EventHubs, *expected: str) -> None:
    """Each of *expected* is in *hub*, and nothing else."""
    until(lambda: set(ids(hub)) == set(expected), 40)
