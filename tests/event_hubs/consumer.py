"""What an event hub has, read as anybody reads it: by the SDK's consumer."""

import threading

from azure.eventhub import EventData, EventHubConsumerClient, PartitionContext

CLOSE_SECONDS = 2


def read_all(
    connection_string: str, hub: str, count: int, seconds: float = 5
) -> list[EventData]:
    """The events of *hub* once *count* of them have come, or `TimeoutError`."""
    client = EventHubConsumerClient.from_connection_string(
        connection_string, "$Default", eventhub_name=hub
    )
    received: list[EventData] = []
    enough = threading.Event()

    def on_event(_: PartitionContext, event: EventData | None) -> None:
        if event is not None:
            received.append(event)
        if len(received) >= count:
            enough.set()

    def receive() -> None:
        client.receive(on_event, starting_position="-1")

    # The SDK's own timeouts do not hold, and each of its calls may block for good.
    reader = threading.Thread(target=receive, daemon=True)
    closer = threading.Thread(target=client.close, daemon=True)
    reader.start()
    in_time = enough.wait(seconds)
    closer.start()
    for thread in (closer, reader):
        thread.join(CLOSE_SECONDS)
    if not in_time:
        raise TimeoutError(f"{hub} gave {len(received)} events, not {count}")
    return received
