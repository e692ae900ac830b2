"""A run's events as lines of JSON and back: what its log holds, whatever the wire."""

from collections.abc import Iterator
from dataclasses import asdict
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
    Output,
    Paragraph,
    ReasoningDelta,
    Redact,
    TextDelta,
    ToolCall,
    ToolResult,
    Usage,
)

_KINDS: dict[str, type[Event]] = {
    each.__name__: each
    for each in (
        *(Paragraph, ReasoningDelta, ToolCall, ToolResult, Citation, Redact, Custom),
        *(Output, Interrupt),
    )
}


def line(event: Event) -> bytes:
    """*event* as one line, with its line end. `Usage` is written as part of `Done`."""
    match event:
        case Done(cost=cost):
            priced = cost and {**asdict(cost), "amount": str(cost.amount)}
            written: object = {"kind": "Done", **asdict(event), "cost": priced}
        case TextDelta(deployment, text) if type(event) is TextDelta:
            written = [deployment, text]
        case Error(deployment, error):
            written = {"kind": "Error", "deployment": deployment, **_fields(error)}
        case _:
            written = {"kind": type(event).__name__, **asdict(event)}
    return sse.dumps(written) + b"\n"


def last_line(done: Done, status: str) -> bytes:
    """*done* as the last line of a log, with the *status* of the run's record."""
    return b'{"status":%b,%b' % (sse.dumps(status), line(done)[1:])


def status_of(line: bytes) -> str | None:
    """The status in a log's last *line*; `None` of any other."""
    read = orjson.loads(line)
    return read.get("status") if isinstance(read, dict) else None


def events(line: bytes) -> Iterator[Event]:
    """The event of a *line*, and before `Done` its `Usage`."""
    read = orjson.loads(line)
    if isinstance(read, list):
        yield TextDelta(*read)
        return
    kind = read.pop("kind")
    if kind == "Error":
        yield Error(read["deployment"], _error(read))
    elif kind == "Done":
        usage, cost = Usage(**read["usage"]), _cost(read["cost"])
        read.pop("status", None)
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
