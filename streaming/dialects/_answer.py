"""What wires have in common whose answers are messages, told in objects of JSON."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing
from typing import ClassVar, Literal, assert_never

from streaming import sse
from streaming.errors import ChatError
from streaming.events import (
    BLANK_LINE,
    Citation,
    Custom,
    Done,
    Error,
    Event,
    Interrupt,
    Node,
    NodeUpdate,
    Output,
    Paragraph,
    ReasoningDelta,
    Redact,
    Refusal,
    TextDelta,
    ToolCall,
    ToolResult,
    Usage,
)
from streaming.settled import settled

Fields = dict[str, object]
Told = Iterable[Fields]
Kind = Literal["text", "reasoning", "refusal"]


class AnswerWriter(ABC):
    """Tells one answer. What only some wires have a word for is left out by others."""

    END: ClassVar[bytes] = b""
    """What follows the last object of a stream."""

    def __init__(self) -> None:
        self.kept: list[Fields] = []
        self.ended = False
        self._open: Kind | None = None
        self._delta: Fields = {}

    @abstractmethod
    def begun(self) -> Told:
        """What is told before the first event."""

    @abstractmethod
    def begin(self, kind: Kind) -> Told:
        """Begin a text, whose pieces are told by `_delta` and the piece."""

    @abstractmethod
    def finish(self, kind: Kind) -> Told:
        """End the text that was begun last."""

    @abstractmethod
    def call(self, call: ToolCall) -> Told: ...

    @abstractmethod
    def result(self, result: ToolResult) -> Told:
        """It may be of a call that an earlier run has made."""

    @abstractmethod
    def ask(self, interrupt: Interrupt) -> Told: ...

    @abstractmethod
    def cite(self, citation: Citation) -> Told: ...

    @abstractmethod
    def fail(self, error: ChatError) -> Told: ...

    @abstractmethod
    def end(self, done: Done) -> Told: ...

    def refuse(self, text: str) -> Told:
        return self.say("text", text)

    def redact(self, redact: Redact) -> Told:
        return ()

    def custom(self, custom: Custom) -> Told:
        return ()

    def output(self, output: Output) -> Told:
        return ()

    def say(self, kind: Kind, text: str) -> Told:
        """The next piece of a text, which ends what else is open."""
        before: Told = ()
        if self._open != kind:
            before = (*self.close(), *self.begin(kind))
            self._open = kind
        return (*before, {**self._delta, "delta": text})

    def close(self) -> Iterator[Fields]:
        """End the text that is open, if one is."""
        if self._open is not None:
            yield from self.finish(self._open)
            self._open = None

    def written(self, event: Event) -> Told:
        match event:
            case Paragraph(_, text):
                text = text.removeprefix(BLANK_LINE)
                return (*self.close(), *self.say("text", text))
            case Refusal(_, text):
                return self.refuse(text)
            case TextDelta(_, text):
                return self.say("text", text)
            case ReasoningDelta(_, text):
                return self.say("reasoning", text)
            case ToolCall():
                return self.call(event)
            case ToolResult():
                return self.result(event)
            case Citation():
                return self.cite(event)
            case Interrupt():
                return self.ask(event)
            case Redact():
                return self.redact(event)
            case Custom():
                return self.custom(event)
            case Output():
                return self.output(event)
            case Error(_, error):
                return self.fail(error)
            case Node() | NodeUpdate() | Usage():
                return ()  # `Done` has the last one too.
            case Done():
                self.ended = True
                return self.end(event)
            case _:
                assert_never(event)

    def frames(self, told: Told) -> bytes:
        return b"".join(map(sse.encode, told))

    def keep(self, told: Told) -> None:
        """Note what the whole answer is made of."""
        self.kept += told

    @abstractmethod
    def whole(self) -> object:
        """The answer that does not stream."""


async def encode(
    events: AsyncGenerator[Event], writer: AnswerWriter, *, stream: bool
) -> AsyncGenerator[bytes]:
    """What *writer* tells of *events*, or its one body if nothing streams."""
    begun = writer.begun()
    if not stream:
        writer.keep(begun)
    elif frames := writer.frames(begun):
        yield frames
    async with aclosing(events if stream else settled(events)) as left:
        async for event in left:
            told = writer.written(event)
            end = writer.END if writer.ended else b""
            if not stream:
                writer.keep(told)
            elif frames := writer.frames(told) + end:
                yield frames
    if not stream:
        yield sse.dumps(writer.whole())


def keep_alive(deployment: str) -> bytes:
    """A comment, which no reader of events takes for one."""
    return b": keep-alive\n\n"
