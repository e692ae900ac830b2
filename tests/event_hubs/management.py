"""`$management`: what an event hub and its partitions say of themselves.

See: https://learn.microsoft.com/azure/event-hubs/event-hubs-amqp-protocol-guide
"""

from tests.event_hubs.message import Message
from tests.event_hubs.store import Hub, Partition
from tests.event_hubs.values import Array, Int, Long, Timestamp


class NotFound(Exception):
    """There is nothing of that name."""


def describe(request: Message, hubs: dict[str, Hub]) -> dict[str, object]:
    """What *request* wants to read, or `NotFound`."""
    asked = request.application_properties
    match asked:
        case {"operation": "READ", "type": "com.microsoft:eventhub", "name": str(name)}:
            return _hub(_named(hubs, name))
        case {
            "operation": "READ",
            "type": "com.microsoft:partition",
            "name": str(name),
            "partition": str(partition),
        }:
            hub = _named(hubs, name)
            if partition in hub.partitions:
                return _partition(hub, hub.partitions[partition])
    raise NotFound(f"There is nothing to read for {asked}")


def _named(hubs: dict[str, Hub], name: str) -> Hub:
    try:
        return hubs[name.lower()]
    except KeyError:
        raise NotFound(f"The messaging entity {name!r} could not be found.") from None


def _hub(hub: Hub) -> dict[str, object]:
    return {
        "name": hub.name,
        "type": "com.microsoft:eventhub",
        "created_at": Timestamp(hub.created_at),
        "partition_count": Int(len(hub.partitions)),
        "partition_ids": Array(hub.partitions),
    }


def _partition(hub: Hub, partition: Partition) -> dict[str, object]:
    last = partition.events[-1] if partition.events else None
    return {
        "name": hub.name,
        "type": "com.microsoft:partition",
        "partition": partition.name,
        "begin_sequence_number": Long(0 if last else -1),
        "last_enqueued_sequence_number": Long(last.sequence_number if last else -1),
        "last_enqueued_offset": str(last.offset) if last else "-1",
        "last_enqueued_time_utc": Timestamp(last.enqueued_time if last else 0),
        "is_partition_empty": last is None,
    }
