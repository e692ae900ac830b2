"""One turn of a conversation: what a caller has seen of an answer, as messages."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from runs.pieces import Pieces
from streaming import sse
from streaming.events import (
    BLANK_LINE,
    Event,
    Interrupt,
    Paragraph,
    Redact,
    TextDelta,
    ToolCall,
    ToolResult,
)
from streaming.requests import FunctionCall, Message, ToolCallRequest

MAX_CHARACTERS = 2_000_000
"""What is kept of one answer; the rest of it is left out."""


@dataclass(slots=True)
class _AnswerMessage:
    """One message of the assistant, and the results of its calls.

    Its text begins at *start* of the answer's whole text.
    """

    start: int
    text: Pieces = field(default_factory=Pieces)
    calls: list[ToolCall] = field(default_factory=list)
    results: list[ToolResult] = field(default_factory=list)


class Turn:
    """Hears the events of a run's answer; `count` is that of its messages so far."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._answers = [_AnswerMessage(0)]
        self._redacted: list[Redact] = []
        self._length = self._kept = 0
        self.interrupts: list[Interrupt] = []

    def hear(self, event: Event) -> None:
        match event:
            case TextDelta(text=text):
                self._hear_text(text, fresh=isinstance(event, Paragraph))
            case ToolCall():
                if self._answers[-1].results:
                    self._begin()
                if event.id and self._has_room(len(_arguments(event))):
                    self._answers[-1].calls.append(event)
            case ToolResult():
                if event.id and self._has_room(len(event.content)):
                    self._answers[-1].results.append(event)
            case Redact():
                self._redacted.append(event)
            case Interrupt():
                self.interrupts.append(event)

    def _hear_text(self, text: str, *, fresh: bool) -> None:
        answer = self._answers[-1]
        if fresh and text.startswith(BLANK_LINE):
            self._length += len(BLANK_LINE)
            text = text[len(BLANK_LINE) :]
        if fresh or answer.calls or answer.results:
            answer = self._begin()
        self._length += len(text)
        room = MAX_CHARACTERS - self._kept
        self._kept += len(text)
        if room > 0:
            answer.text.append(text[:room])

    def _begin(self) -> _AnswerMessage:
        self._answers.append(_AnswerMessage(self._length))
        return self._answers[-1]

    def _has_room(self, length: int) -> bool:
        self._kept += length
        return self._kept <= MAX_CHARACTERS

    @property
    def count(self) -> int:
        return len(self._answers)

    @property
    def next(self) -> int:
        """The number of the message that reasoning comes before, as far as is known."""
        return len(self._answers) + bool(self._answers[-1].results)

    def id_of(self, number: int, result: str = "") -> str:
        """The id of the message of that *number*, or of the *result* of its call."""
        return ":".join(filter(None, (self._run_id, str(number), _whole(result))))

    def messages(self, *, waits: bool) -> Iterator[Message]:
        """The answer in OpenAI's shape, without what was withdrawn.

        A call without a result stays only if the run *waits* for one. A result may be
        of a call that an earlier run has made.
        """
        for number, answer in enumerate(self._answers, 1):
            results = {each.id for each in answer.results}
            open_to = waits and answer is self._answers[-1]
            calls = [each for each in answer.calls if open_to or each.id in results]
            text = _whole(self._shown(answer))
            if text or calls:
                yield Message(
                    id=self.id_of(number),
                    role="assistant",
                    content=text or None,
                    tool_calls=[_request(each) for each in calls] or None,
                )
            for result in answer.results:
                yield Message(
                    id=self.id_of(number, result.id),
                    role="tool",
                    content=_whole(result.content),
                    tool_call_id=_whole(result.id),
                    name=_whole(result.name) or None,
                )

    def _shown(self, answer: _AnswerMessage) -> str:
        text = "".join(answer.text)
        shown, place = [], 0
        spans = sorted((each.start_offset, each.end_offset) for each in self._redacted)
        for start, end in spans:
            shown.append(text[place : max(place, start - answer.start)])
            place = max(place, end - answer.start)
        return "".join([*shown, text[place:]])


def _request(call: ToolCall) -> ToolCallRequest:
    args = _whole(_arguments(call))
    function = FunctionCall(name=_whole(call.name) or "tool", arguments=args)
    return ToolCallRequest(id=_whole(call.id), function=function)


def _arguments(call: ToolCall) -> str:
    return call.args if isinstance(call.args, str) else sse.text_of(dict(call.args))


def _whole(text: str) -> str:
    """*text* with characters whose halves came apart, and without lone halves."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
