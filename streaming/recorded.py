"""A run's events as lines of JSON and back: what its log holds, whatever the wire."""

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal

import orjson

from streaming import errors, sse, upstream_errors
from streaming.errors import ChatError
from streaming.events import (
    Citation,
    Cost,
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
    members,
)

_KINDS: dict[str, type[Event]] = {
    each.__name__: each
    for each in (
        *(Paragraph, ReasoningDelta, ToolCall, ToolResult, Citation, Redact, Custom),
        *(Output, Interrupt, Refusal, Node, NodeUpdate),
    )
}


type Noted = tuple[float, Event]
"""An event, and when it was shown by `time.monotonic()`."""


def lines(noted: Iterable[Noted], *, started: float, status: str = "") -> bytes:
    """*noted* as lines, each with its milliseconds since *started*.

    `Usage` is written as part of `Done`, and *status* of the run's record with it.
    """
    written = bytearray()
    for shown, event in noted:
        at = int((shown - started) * 1000)
        if type(event) is TextDelta:  # A token: as few calls as can be.
            try:
                written += orjson.dumps([at, event.deployment, event.text])
            except orjson.JSONEncodeError:  # Half a character.
                written += sse.dumps([at, event.deployment, event.text])
        else:
            written += sse.dumps(_members(event, status) | {"at": at})
        written += b"\n"
    return bytes(written)


def _members(event: Event, status: str) -> dict[str, object]:
    match event:
        case Done(cost=cost, usage=usage):
            priced = cost and {**members(cost), "amount": str(cost.amount)}
            counted = {"cost": priced, "usage": members(usage)}
            named = {"kind": "Done", "status": status}
            return named | members(event) | counted
        case Error(deployment, error):
            return {"kind": "Error", "deployment": deployment, **_fields(error)}
        case _:
            return {"kind": type(event).__name__, **members(event)}


def status_of(line: bytes) -> str | None:
    """The status in a log's last *line*; `None` of any other."""
    return None if line.startswith(b"[") else json.loads(line).get("status")


def time_of(line: bytes) -> int:
    """The milliseconds from the run's start to the event of a *line*."""
    read = json.loads(line)
    return int(read[0] if isinstance(read, list) else read["at"])


def events(line: bytes) -> Iterator[Event]:
    """The event of a *line*, and before `Done` its `Usage`."""
    if line.startswith(b"["):
        _, deployment, text = orjson.loads(line)
        yield TextDelta(deployment, text)
        return
    read = json.loads(line)  # orjson reads an integer past 64 bits as a float.
    kind = read.pop("kind")
    del read["at"]
    if kind == "Error":
        yield Error(read["deployment"], _error(read))
    elif kind == "Done":
        usage, cost = Usage(**read["usage"]), _cost(read["cost"])
        del read["status"]
        done = Done(**{**read, "usage": usage, "cost": cost})
        yield done.usage
        yield done
    else:
        yield _KINDS[kind](**read)


def _cost(read: dict[str, str] | None) -> Cost | None:
    return Cost(Decimal(read["amount"]), read["currency"]) if read else None


def _fields(error: ChatError) -> dict[str, object]:
    return {
        "error": type(error).__name__,
        "message": error.message,
        "retry_after_ms": error.retry_after_ms,
        "param": error.param,
    }


def _error(read: dict[str, object]) -> ChatError:
    """The error as it was, or the nearest that this version knows."""
    name = str(read["error"])
    kinds = {**vars(errors), **vars(upstream_errors)}
    made: ChatError = kinds.get(name, errors.InternalError)(str(read["message"]))
    wait, param = read["retry_after_ms"], read["param"]
    made.retry_after_ms = wait if isinstance(wait, int) else None
    made.param = param if isinstance(param, str) else None
    return made
