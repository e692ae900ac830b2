"""The nodes of a graph: which of them speaks, and what each has changed."""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import JsonValue

from runnables.chunks import Translator
from runnables.results import NOTHING, as_json
from streaming.events import Event, Node, NodeUpdate

MESSAGES = "messages"
"""What a state calls its messages, which are told as such."""


class StepTranslator(Translator):
    """Tells of a graph's nodes too, for a wire that has a word for them.

    Of messages that stream at once all but one wait, and with them what the nodes have
    changed that have said them.
    """

    _place = ""
    _numbers: Mapping[str, int] = {}
    _changed: Sequence[NodeUpdate] = ()

    def events(self, chunk: object) -> Iterator[Event]:
        return self._with_nodes(super().events(chunk))

    def end(self, *, waits: bool = False) -> Iterator[Event]:
        return self._with_nodes(super().end(waits=waits))

    def _with_nodes(self, events: Iterator[Event]) -> Iterator[Event]:
        for event in events:
            if self._messages.place != self._place:
                self._place = self._messages.place
                yield Node(self._place, self._numbers.get(self._place, 0))
            yield event
        if self._changed and not self._messages.waiting:
            yield from self._changed
            self._changed = ()

    def _streamed(
        self, message: object, metadata: Mapping[str, object]
    ) -> Iterator[Event]:
        match metadata:
            case {"langgraph_checkpoint_ns": str(place), "langgraph_step": int(number)}:
                if place not in self._numbers:
                    self._numbers = {**self._numbers, place: number}
        yield from super()._streamed(message, metadata)

    def _of_graph(self, mode: str, payload: object, within: str) -> Iterator[Event]:
        yield from super()._of_graph(mode, payload, within)
        if mode == "updates" and isinstance(payload, dict):
            ended = (
                NodeUpdate(within, name, _plain(update))
                for name, update in payload.items()
                if not name.startswith("__")  # What LangGraph says of itself.
            )
            self._changed = (*self._changed, *ended)


def _plain(update: object) -> JsonValue:
    """*update* without messages, and without what is no JSON."""
    plain: dict[str, JsonValue] = {}
    for each in update if isinstance(update, list) else [update]:  # Of commands.
        for name, value in each.items() if isinstance(each, Mapping) else ():
            if name != MESSAGES and (found := as_json(value)) is not NOTHING:
                plain[name] = found
    return plain or None
