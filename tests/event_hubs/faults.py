"""What goes wrong, and with which deliveries; a test may change it at any time."""

from collections import deque
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Reject:
    """The delivery is rejected with an error."""

    condition: str
    description: str = ""


type Outcome = (
    Literal[
        "accept",
        "release",
        "modify",
        "never",
        "detach",
        "drop",
        "store-drop",
        "store-never",
    ]
    | Reject
)
"""What becomes of a delivery.

Only with `accept` and what begins with `store` it is stored. `never`: nothing follows.
`detach`: the link is detached. `drop`: the connection is cut, with `store-drop` after
the event is stored and before that is told: who sends it again makes a duplicate.
"""

SERVER_BUSY = Reject(
    "com.microsoft:server-busy",
    "The request was terminated because the entity is being throttled.",
)


MALFORMED = Reject("com.microsoft:argument-error", "The event is malformed.")


@dataclass(slots=True)
class Faults:
    """What goes wrong from now on, for connected clients too."""

    settle: Outcome = "accept"
    settle_script: deque[Outcome] = field(default_factory=deque)
    """Outcomes of the next deliveries, used up before `settle`."""
    poison: bytes | None = None
    """What is in no event that is accepted: with it, the delivery is rejected."""
    settle_delay: float = 0
    """How many seconds an outcome takes to be told."""
    max_message_size: int = 1024 * 1024
    """Told as a link is attached; batches of the SDK are that small."""
    refuse_tokens: bool = False
    """Say 401 to any token; who is connected has put one, and notices nothing."""
    hang_up: bool = False
    """Accept connections and close them at once."""
    mute: Literal["connection", "after-sasl", "attach"] | None = None
    """Answer nothing; nothing after SASL; no link of an event hub.

    A connection that met one of the first two stays mute."""

    def outcome(self, message: bytes) -> Outcome:
        """What becomes of the next delivery, which is *message*."""
        if self.poison is not None and self.poison in message:
            return MALFORMED
        return self.settle_script.popleft() if self.settle_script else self.settle
