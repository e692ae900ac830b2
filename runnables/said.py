"""A message of an answer, as far as it has arrived."""

from dataclasses import dataclass, field

from streaming.events import BLANK_LINE, ReasoningDelta, Redact, TextDelta


@dataclass(slots=True, eq=False)
class Said:
    """A message, as far as it has arrived; *held* waits for another one's end."""

    place: str = ""
    ids: set[str | None] = field(default_factory=set)
    text: list[str] = field(default_factory=list)
    held: list[ReasoningDelta | TextDelta | Redact] = field(default_factory=list)
    block: object = None
    start: int = 0
    breaks: int = 0
    streamed: bool = True
    ended: bool = False

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

    def is_also(self, message_id: str | None, place: str) -> bool:
        """Whether *message_id* is another name of it, while it is being said.

        A provider's chunks may have its own id, or none, for which LangChain puts in
        one.
        """
        if self.ended or self.place != place or message_id is None or None in self.ids:
            return False
        return _kind(message_id) not in map(_kind, self.ids)


def _kind(message_id: str | None) -> str:
    prefix, found, _ = (message_id or "").partition("_")
    return prefix if found else ""
