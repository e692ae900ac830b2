"""What a scenario is made of: the pieces of an answer, and what may go wrong between.

A scenario yields these in order; `wire` turns most of them into bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

FinishReason = Literal[
    "stop", "length", "tool_calls", "content_filter", "galactic"
]  # The last is no reason the API documents.


@dataclass(frozen=True, slots=True)
class PromptFilter:
    """What the content filter made of the prompt."""


@dataclass(frozen=True, slots=True)
class Role:
    """The first chunk of a choice."""


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of what the model says, thinks or declines."""

    text: str
    kind: Literal["content", "reasoning_content", "refusal"] = "content"
    checked: bool = True
    """Whether the filter's verdict rides on the chunk; an asynchronous one does not."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The first piece of a tool call; `earlier` ones have ids of their own."""

    index: int
    name: str
    earlier: int = 0


@dataclass(frozen=True, slots=True)
class Arguments:
    """A further piece of a tool call."""

    index: int
    text: str


@dataclass(frozen=True, slots=True)
class Finish:
    """The last chunk of a choice."""

    reason: FinishReason


@dataclass(frozen=True, slots=True)
class Annotation:
    """The asynchronous filter's verdict on the characters from *start* to *end*."""

    start: int
    end: int
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """The chunk that counts what was sent before it, unless it is an odd one."""

    odd: str | None = None
    """Its name in `tests.standin.odd`."""


@dataclass(frozen=True, slots=True)
class Done:
    """`[DONE]`."""


@dataclass(frozen=True, slots=True)
class ErrorEvent:
    """An error under status 200."""

    message: str


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes that are no chunk."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """Further headers, of any characters; all of the answer then comes at once."""

    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Drop:
    """The end of the connection: a reset, or a close before the body is complete."""

    reset: bool = True


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole response instead of a stream."""

    status: int
    body: Mapping[str, object]
    headers: Mapping[str, str] = field(default_factory=dict)


type Chunk = (
    PromptFilter
    | Role
    | Text
    | ToolCall
    | Arguments
    | Finish
    | Annotation
    | Usage
    | Done
    | ErrorEvent
    | Raw
)
type Step = Chunk | Head | Pause | Drop | Reply
