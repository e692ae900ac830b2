"""A message of an answer, as far as it has arrived."""

import json
from collections.abc import Set
from dataclasses import dataclass, field
from typing import cast

from pydantic import JsonValue

from streaming.events import BLANK_LINE, ReasoningDelta, Redact, TextDelta


@dataclass(slots=True, eq=False)
class Said:
    """A message, as far as it has arrived; *held* waits for another one's end.

    It is *given_up* if its call has failed and something else is said instead.
    """

    place: str = ""
    ids: set[str | None] = field(default_factory=set)
    text: list[str] = field(default_factory=list)
    held: list[ReasoningDelta | TextDelta | Redact] = field(default_factory=list)
    block: object = None
    start: int = 0
    breaks: int = 0
    streamed: bool = True
    ended: bool = False
    given_up: bool = False

    @property
    def whole_text(self) -> str:
        waiting = (each.text for each in self.held if isinstance(each, TextDelta))
        return "".join([*self.text, *waiting]).strip()

    @property
    def end(self) -> int:
        """Where in the answer's text it ends."""
        return self.start + sum(map(len, self.text)) + self.breaks * len(BLANK_LINE)

    @property
    def spellings(self) -> set[str]:
        """What was shown of it, which may have come in halves of surrogate pairs."""
        text = "".join(self.text)
        whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return {text.strip(), whole.strip()}

    def repeats(self, text: str, place: str) -> bool:
        """Whether a model, or a graph within *place*, has said *text* with it."""
        inside = self.place.startswith(place)
        others = self.streamed or bool(place and self.place != place)
        return inside and others and self.whole_text == text.strip()

    def give_up(self, failed: Set[str]) -> bool:
        """Drop what waits, if it is a graph's, and new among those that have *failed*.

        Outside of a graph a chain yields what it wants to be seen.
        """
        if self.given_up or not (self.place and self.ids & failed):
            return False
        self.given_up = self.ended = True
        self.held.clear()
        return True

    def says(self, value: JsonValue) -> bool:
        """Whether its text is *value* as JSON."""
        return _decoded(self.whole_text) == value

    def shifted(self, redact: Redact) -> Redact:
        """*redact*, whose offsets are of this message, with those of the answer."""
        start, end = redact.start_offset, redact.end_offset
        return Redact(redact.deployment, start + self.start, end + self.start)

    def withdrawn(self, deployment: str) -> Redact:
        """What withdraws all that was shown of it."""
        redact = Redact(deployment, self.start, self.end)
        self.text.clear()
        self.breaks = 0
        return redact

    def is_also(self, message_id: str | None, place: str) -> bool:
        """Whether *message_id* is another name of it, while it is being said.

        A provider's chunks may have its own id, or none, for which LangChain puts in
        one.
        """
        if self.ended or self.place != place or message_id is None or None in self.ids:
            return False
        return _kind(message_id) not in map(_kind, self.ids)


def _decoded(text: str) -> JsonValue:
    try:
        return cast(JsonValue, json.loads(text)) if text[:1] in ("{", "[") else text
    except (ValueError, RecursionError):
        return text


def _kind(message_id: str | None) -> str:
    prefix, found, _ = (message_id or "").partition("_")
    return prefix if found else ""
