"""Characters that a provider has split over two chunks."""

from collections.abc import Iterable
from dataclasses import replace

from streaming.events import Event, ReasoningDelta, TextDelta

FIRST = "\ud800", "\udbff"
SECOND = "\udc00", "\udfff"
"""The two halves of a surrogate pair: JSON may escape each of them by itself."""


class Halves:
    """Holds the first half of a character back until the second comes."""

    def __init__(self) -> None:
        self._held: TextDelta | ReasoningDelta | None = None

    def join(self, event: Event) -> Iterable[Event]:
        """*event* as it may be shown, after what has been held back in vain."""
        held = self._held
        text = event.text if isinstance(event, TextDelta | ReasoningDelta) else ""
        if held is None and not FIRST[0] <= text[-1:] <= FIRST[1]:
            return (event,)
        return self._joined(held, event)

    def _joined(
        self, held: TextDelta | ReasoningDelta | None, event: Event
    ) -> list[Event]:
        self._held, shown = None, list[Event]()
        if held is not None and type(held) is type(event):
            event = replace(held, text=_paired(held.text + event.text))
        elif held is not None:
            shown.append(held)
        if not isinstance(event, TextDelta | ReasoningDelta):
            return [*shown, event]
        if FIRST[0] <= event.text[-1:] <= FIRST[1]:
            self._held = replace(event, text=event.text[-1])
            event = replace(event, text=event.text[:-1])
        return [*shown, event] if event.text else shown

    def rest(self) -> Iterable[Event]:
        """What is held back when nothing more comes."""
        return () if self._held is None else (self._held,)


def _paired(text: str) -> str:
    """*text*, whose first two characters may be the halves of one."""
    first, second = text[:1], text[1:2]
    if not SECOND[0] <= second <= SECOND[1]:
        return text
    return (first + second).encode("utf-16", "surrogatepass").decode("utf-16") + text[
        2:
    ]
