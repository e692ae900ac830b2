"""The messages of an answer, one after the other, each whole and shown once."""

from collections.abc import Iterable, Iterator, Sequence, Set

from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    FunctionMessage,
    ToolMessage,
)
from pydantic import JsonValue

from runnables import blocks
from runnables.removals import Removals
from runnables.said import Said
from runnables.tool_calls import ToolCalls
from streaming.events import (
    BLANK_LINE,
    Event,
    Paragraph,
    Progress,
    ReasoningDelta,
    Redact,
    Refusal,
    TextDelta,
)


class Messages:
    """Puts messages in a row: two that stream at once would be mixed into one text.

    A message is known by its id and the task of a graph that it comes from, its place.
    Text without an id is the chain author's own, and goes on with what is there. The
    messages of calls that have *failed* are there by their ids.
    """

    def __init__(
        self,
        progress: Progress,
        given: Sequence[BaseMessage] = (),
        failed: Set[str] = frozenset(),
    ) -> None:
        self._progress = progress
        self._known = {message.id for message in given if message.id}
        self._said: dict[tuple[str, str | None], Said] = {}
        self._now: Said | None = None  # Of the newest chunk.
        self._open: Said | None = None  # Which is being shown.
        self._spoke: Said | None = None  # Whose text was shown last.
        self.waiting: list[Said] = []  # For the end of what is being shown.
        self._result = ""
        self._removals = Removals()
        self._failed = failed
        self.place = ""  # Of what was told last.
        self.length = 0  # Of the text that was shown.
        self.calls = ToolCalls(progress, failed)

    @property
    def any(self) -> bool:
        """Whether there was a message, be it an empty one, or a text."""
        return bool(self._said or self.length)

    def text(self, text: str) -> TextDelta:
        """The author's own text."""
        self._spoke, self._result, self.place = None, "", ""
        self.length += len(text)
        return TextDelta(self._progress.deployment, text)

    def paragraph(self, text: str) -> TextDelta:
        """Text of no message, apart from what was shown before."""
        begins = self.length > 0
        delta = self._delta(text, begins=begins)
        self.text(delta.text)
        return delta

    def _delta(self, text: str, *, begins: bool) -> TextDelta:
        deployment = self._progress.deployment
        if begins:
            return Paragraph(deployment, BLANK_LINE + text)
        return TextDelta(deployment, text)

    def repeats(self, text: str, place: str = "") -> bool:
        """Whether a model, or a graph within *place*, has said just that."""
        return any(said.repeats(text, place) for said in self._said.values())

    def says(self, value: JsonValue) -> bool:
        """Whether the text of a message is *value* as JSON."""
        return any(said.says(value) for said in self._said.values())

    def knows(self, message: BaseMessage) -> bool:
        """Whether *message* was given, or shown."""
        return message.id in self._known

    def know(self, message: BaseMessage) -> None:
        """Never show *message*."""
        if message.id:
            self._known.add(message.id)

    def add(self, message: AIMessage, place: str = "") -> Iterator[Event]:
        """The next chunk of a message, or a whole one."""
        if not isinstance(message, AIMessageChunk):
            yield from self._whole(message, place)
            return
        said = self._now
        if said is None or message.id not in said.ids or said.place != place:
            self._now = said = self._of(message.id, place)
        content = message.content
        if (
            said is self._spoke
            and said is self._open
            and isinstance(content, str)
            and not message.additional_kwargs
        ):  # As most chunks are; the rest costs more.
            if content:
                self.place = place
                said.text.append(content)
                self.length += len(content)
                yield TextDelta(self._progress.deployment, content)
        else:
            yield from self._content(message, said)
        if message.tool_call_chunks or message.additional_kwargs:
            self.calls.add(message)
        ended = message.chunk_position == "last"
        if ended or "finish_reason" in message.response_metadata:
            self.place = place
            yield from self.calls.flush(said.ids)
            said.ended = True
            if self.waiting:
                yield from self._next()

    def _of(self, message_id: str | None, place: str) -> Said:
        """The message with this id; a model call's may have several of them."""
        found = self._said.get((place, message_id))
        if found is None:
            found = self._now
            if found is None or not found.is_also(message_id, place):
                found = Said(place)
            found.ids.add(message_id)
            self._said[place, message_id] = found
        return found

    def _content(self, message: AIMessage, said: Said) -> Iterator[Event]:
        content, extra = message.content, message.additional_kwargs
        if self._failed:
            yield from self._give_up(said)
        if extra or not isinstance(content, str):
            for thought in filter(None, blocks.reasoning(message)):
                delta = ReasoningDelta(self._progress.deployment, thought)
                if self._may_show(said):
                    yield delta
                else:
                    said.held.append(delta)
        if isinstance(content, str):
            declined = Refusal if extra.get("declined") else TextDelta
            yield from self._piece(said, content, kind=declined)
        else:
            for block, text in blocks.texts(message):
                yield from self._piece(said, text, block)
        if extra or not isinstance(content, str):
            yield from self._piece(said, blocks.refusal(message), kind=Refusal)
        for offsets in extra.get("redact", ()):
            start, end = offsets.get("start_offset", 0), offsets.get("end_offset", 0)
            redact = Redact(self._progress.deployment, start, end)
            if self._may_show(said):
                yield said.shifted(redact)
            else:
                said.held.append(redact)

    def _piece(
        self,
        said: Said,
        text: str,
        block: object = None,
        *,
        kind: type[TextDelta] = TextDelta,
    ) -> Iterator[Event]:
        """The next text, which a *block* other than the last one has apart."""
        if not text:
            return
        apart = None not in (block, said.block) and block != said.block
        said.block = said.block if block is None else block
        kind = Paragraph if apart else kind
        if self._may_show(said):
            yield self._shown(said, text, kind)
        else:
            said.held.append(kind(self._progress.deployment, text))

    def _may_show(self, said: Said) -> bool:
        if self._open is not said:
            if self._open is not None and not self._open.ended:
                if said not in self.waiting:
                    self.waiting.append(said)
                return False
            self._open = said
        self.place = said.place
        return True

    def _shown(
        self, said: Said, text: str, kind: type[TextDelta] = TextDelta
    ) -> TextDelta:
        named = None not in said.ids
        begins = kind is Paragraph or (named and self._spoke not in (None, said))
        said.text.append(text)
        self._spoke, self._result = said if named else None, ""
        delta = self._delta(text, begins=begins)
        self.length += len(delta.text)
        if len(said.text) == 1:
            said.start = self.length - len(text)
        elif begins:
            said.breaks += 1
        return Refusal(delta.deployment, delta.text) if kind is Refusal else delta

    def _next(self) -> Iterator[Event]:
        """What waited for a message that has ended."""
        while self.waiting and (self._open is None or self._open.ended):
            self._open = said = self.waiting.pop(0)
            self.place = said.place
            for held in said.held:
                match held:
                    case TextDelta(_, text):
                        yield self._shown(said, text, type(held))
                    case Redact():
                        yield said.shifted(held)
                    case ReasoningDelta():
                        yield held
            said.held.clear()

    def _whole(self, message: AIMessage, place: str) -> Iterator[Event]:
        if message.id in self._known:
            return
        streamed = next(
            (s for (_, key), s in self._said.items() if key and key == message.id), None
        )
        self.place = place if streamed is None else streamed.place
        if streamed is None:
            key = message.id or f"whole-{len(self._said)}"
            said = self._said[place, key] = Said(place, {key}, streamed=False)
            if not self.repeats(blocks.whole_text(message), place):
                yield from self._content(message, said)
        else:
            said = streamed
            yield from self.calls.flush(said.ids)
        yield from self.calls.whole(message, streamed=streamed is not None)
        said.ended = True
        yield from self._next()
        if streamed is not None:
            yield from self._changed(said, blocks.whole_text(message))

    def _changed(self, said: Said, text: str) -> Iterator[Event]:
        """What a graph has made of it: more of it, or another one in its place."""
        before = "".join(said.text)
        if said.held or not before or text.strip() in ("", *said.spellings):
            return
        if text.startswith(before):
            yield self._shown(said, text.removeprefix(before))
            return
        yield said.withdrawn(self._progress.deployment)
        yield self._shown(said, text, Paragraph)

    def update(self, update: Sequence[BaseMessage]) -> Iterator[Event]:
        """Withdraw what a graph removes with this *update* of its messages."""
        said, resulted = self._said.values(), bool(self._result)
        yield from self._withdraw(self._removals.gone(update, said, resulted=resulted))

    def _give_up(self, instead: Said) -> Iterator[Event]:
        """Withdraw what a graph has said in calls that failed; it says this instead."""
        others = [said for said in self._said.values() if said is not instead]
        yield from self._withdraw(each for each in others if each.give_up(self._failed))

    def _withdraw(self, gone: Iterable[Said]) -> Iterator[Event]:
        for said in gone:
            if said.text:
                yield said.withdrawn(self._progress.deployment)
            yield from self.calls.withdraw(said.ids)

    def result(
        self, message: ToolMessage | FunctionMessage, place: str = ""
    ) -> Iterator[Event]:
        """A tool's result, which is the answer if nothing is said after it."""
        if message.id in self._known:
            return
        self.know(message)
        yield from self.calls.flush()
        self.place = place
        yield from self.calls.result(message)
        self._result = blocks.whole_text(message)

    def settle(self, state: Sequence[BaseMessage] = ()) -> Iterator[Event]:
        """Take all messages for ended: what they came from has, with this *state*."""
        for said in self._said.values():
            said.ended = True
        yield from self._next()
        yield from self._withdraw(self._removals.lost(state, self._said.values()))

    def end(self) -> Iterator[Event]:
        """What is left at the end."""
        yield from self.settle()
        yield from self.calls.flush()
        if self._result and not self.calls.waiting:
            yield self.paragraph(self._result)
