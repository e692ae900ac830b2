"""What a chain's answer is made of, whatever the wire: the closed union `Event`."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Literal, Protocol

from pydantic import JsonValue

from streaming.errors import Cancelled, ChatError, DeadlineExceeded

FinishReason = Literal[
    "stop",
    "length",
    "content_filter",
    "tool_calls",
    "interrupt",
    "cancelled",
    "budget",
    "deadline",
    "error",
]

BLANK_LINE = "\n\n"
"""Between two messages of an answer, in dialects that have one text."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next piece of the answer; never empty."""

    deployment: str
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph(TextDelta):
    """The first piece of a message after another one; it begins with `BLANK_LINE`."""


@dataclass(frozen=True, slots=True)
class Refusal(TextDelta):
    """The next piece of what a model declines with; the first one of a message after
    another begins with `BLANK_LINE`."""


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """The next piece of the model's reasoning; never empty."""

    deployment: str
    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool call of the model, whole.

    `args` is the decoded object, or the raw text if that is not JSON.
    """

    deployment: str
    id: str
    name: str
    args: Mapping[str, object] | str


@dataclass(frozen=True, slots=True)
class ToolResult:
    """The result of a tool that ran on the server."""

    deployment: str
    id: str
    name: str
    content: str


@dataclass(frozen=True, slots=True)
class Citation:
    """A source the answer rests on; `id` is what `[id]` in the text refers to."""

    id: str
    title: str
    url: str
    snippet: str


@dataclass(frozen=True, slots=True)
class Redact:
    """Withdraw the answer's characters from `start_offset` up to `end_offset`."""

    deployment: str
    start_offset: int
    end_offset: int


@dataclass(frozen=True, slots=True)
class Custom:
    """What a chain sends its own clients beside the answer: any JSON."""

    name: str
    data: JsonValue


@dataclass(frozen=True, slots=True)
class Node:
    """What follows is said by a node of a graph, in the *step* of that number.

    `place` is LangGraph's `langgraph_checkpoint_ns`, the node and its task behind those
    that its graph is within: `node:task|node:task`. It is empty outside of graphs.
    """

    place: str
    step: int

    @property
    def name(self) -> str:
        return self.place.rpartition("|")[2].partition(":")[0]

    @property
    def graph(self) -> str:
        """The place of its graph, which is empty for the outermost."""
        return self.place.rpartition("|")[0]


@dataclass(frozen=True, slots=True)
class NodeUpdate:
    """The node *name* of the graph at the place *graph* has ended.

    `values` are what it has changed in the graph's state beside `messages`.
    """

    graph: str
    name: str
    values: JsonValue


@dataclass(frozen=True, slots=True)
class Output:
    """A structured result as JSON; the answer has it as text."""

    value: JsonValue


@dataclass(frozen=True, slots=True)
class Interrupt:
    """The graph waits for a person; a request with `resume` answers *value*."""

    id: str
    value: JsonValue

    def as_call(self) -> ToolCall:
        """The question as a tool call, for a wire that has no word for it."""
        return ToolCall("", self.id, "interrupt", {"value": self.value})


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of all model calls together; once, before `Done`."""

    input_tokens: int = 0
    output_tokens: int = 0
    total_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run's tokens cost, in a *currency* such as USD."""

    amount: Decimal
    currency: str

    def as_dict(self) -> dict[str, object]:
        """*amount* as a number of JSON, which has as many digits as it needs."""
        return {"amount": float(self.amount), "currency": self.currency}


@dataclass(frozen=True, slots=True)
class Error:
    """The run failed; `Done` with `finish_reason="error"` follows."""

    deployment: str
    error: ChatError


@dataclass(frozen=True, slots=True)
class Done:
    """The end: exactly one, always last. Times in milliseconds.

    `kept` is whether all that was to be kept of the run is.
    """

    deployment: str
    finish_reason: FinishReason
    run_id: str
    usage: Usage = field(default_factory=Usage)
    latency_ms: int = 0
    time_to_first_chunk_ms: int | None = None
    streaming_duration_ms: int = 0
    cost: Cost | None = None
    kept: bool = True

    @property
    def stopped_by(self) -> ChatError | None:
        """What has stopped the answer without an `Error` before."""
        match self.finish_reason:
            case "deadline":
                return DeadlineExceeded()
            case "cancelled":
                return Cancelled()
        return None


Event = (
    TextDelta
    | ReasoningDelta
    | ToolCall
    | ToolResult
    | Citation
    | Redact
    | Custom
    | Node
    | NodeUpdate
    | Output
    | Interrupt
    | Usage
    | Error
    | Done
)


def members(event: "Event | Cost") -> dict[str, object]:
    """The fields of *event* as they are.

    `asdict` copies values, and a chain may send what cannot be copied.
    """
    return {each.name: getattr(event, each.name) for each in fields(event)}


VISIBLE = (TextDelta, ReasoningDelta, ToolCall, Interrupt)
"""The events that commit the HTTP status and count as the first token."""


class Progress(Protocol):
    @property
    def deployment(self) -> str:
        """The deployment that answers; the chain's name until one does."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The response's headers about the backend that answers, as far as it is
        known."""

    @property
    def active_at(self) -> float:
        """`time.monotonic()` of the last sign of life: a token, seen or unseen."""

    @property
    def spoken(self) -> bool:
        """Whether anything was shown, or the answer has announced its end."""

    @property
    def tools_running(self) -> int:
        """The count of running tools, whose silence is not the model's."""

    @property
    def stopped_by(self) -> ChatError | None:
        """Why the server, not its caller, has cancelled the run's task, if it has."""
