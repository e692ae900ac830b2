"""`Broker`: what every connection shares."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.event_hubs.faults import Faults
from tests.event_hubs.store import Hub

if TYPE_CHECKING:
    from tests.event_hubs.connection import Connection


@dataclass(slots=True)
class Broker:
    """Hubs, the key to them, what goes wrong, and who is connected."""

    hubs: dict[str, Hub]
    key: str
    faults: Faults = field(default_factory=Faults)
    connections: "set[Connection]" = field(default_factory=set)

    def drop_connections(self) -> None:
        """Cut every connection."""
        for connection in list(self.connections):
            connection.drop()

    def detach_producers(self) -> None:
        """Detach every producer's link, as the service does with idle ones."""
        for connection in self.connections:
            for producer in connection.producers():
                producer.detach("amqp:link:detach-forced", "Idle timeout: 00:30:00.")
