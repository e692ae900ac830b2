"""One response: what it is at any moment, and the events of its life."""

from collections.abc import Iterator
from typing import assert_never

from streaming.caller_tools import name_of
from streaming.dialects.responses import echo
from streaming.dialects.responses.output import REFUSED, SPOKEN, THOUGHT, Items
from streaming.errors import ChatError, InternalError
from streaming.events import (
    BLANK_LINE,
    Citation,
    Custom,
    Done,
    Error,
    Event,
    Interrupt,
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
from streaming.requests import ChatRequest

Fields = dict[str, object]

_CUT = {
    "length": "max_output_tokens",
    "budget": "max_output_tokens",
    "content_filter": "content_filter",
}
"""Why a response is incomplete."""

_CODES = {"context_length_exceeded": "context_length_exceeded"}
_CODES_OF = {409: "server_error", 429: "rate_limit_exceeded"}
"""What clients look for, by our codes, else by the status."""


class Resource:
    """The response that answers *request*, as far as its events are `written`."""

    def __init__(self, request: ChatRequest) -> None:
        run, chain = request.run_id.replace("-", ""), request.chain or ""
        tools = request.caller_tools.tools or []
        own = {name_of(tool.get("function")) for tool in tools}
        self._output, self._created = Items(run, chain, own), request.created
        self._error: ChatError | None = None
        self._now: Fields = {
            "id": f"resp_{run}",
            "object": "response",
            "created_at": self._created,
            "model": chain,
            **echo.read(request),
            **dict.fromkeys(("error", "incomplete_details", "completed_at", "usage")),
        }
        self.status = "queued" if self._now["background"] else "in_progress"

    def begun(self) -> Iterator[Fields]:
        """What is told before anything else."""
        yield self._told("created")
        if self.status == "queued":
            yield self._told("queued")
            self.status = "in_progress"
        yield self._told("in_progress")

    def written(self, event: Event) -> Iterator[Fields]:
        self.status, output = "in_progress", self._output
        match event:
            case Paragraph(_, text):
                yield from output.close()
                yield from output.say(SPOKEN, text.removeprefix(BLANK_LINE))
            case Refusal(_, text):
                yield from output.say(REFUSED, text.removeprefix(BLANK_LINE))
            case TextDelta(_, text):
                yield from output.say(SPOKEN, text)
            case ReasoningDelta(_, text):
                yield from output.say(THOUGHT, text)
            case ToolCall():
                yield from output.call(event)
            case ToolResult():
                yield from output.result(event)
            case Citation():
                output.cite(event)
            case Interrupt():
                yield from output.ask(event)
            case Error(error=error):
                self._error = error
            case Done():
                yield from self._end(event)
            case Redact() | Custom() | Output() | Usage():
                pass  # There is no word for it, or it is said already.
            case _:
                assert_never(event)

    def _end(self, done: Done) -> Iterator[Fields]:
        reason, now, ending = done.finish_reason, self._now, "completed"
        if reason in ("error", "deadline", "cancelled"):
            yield from self._output.close("incomplete")
            failure = self._error or done.stopped_by or InternalError()
            now["error"], ending = _failure(failure), "failed"
        elif reason in _CUT:
            yield from self._output.end("incomplete", waits=False)
            now["incomplete_details"], ending = {"reason": _CUT[reason]}, "incomplete"
        else:
            yield from self._output.end("completed", waits=reason == "interrupt")
            now["completed_at"] = self._created + done.latency_ms // 1000
        now["usage"] = _usage(done.usage)
        self.status = "cancelled" if reason == "cancelled" else ending
        yield self._told(ending)

    def _told(self, what: str) -> Fields:
        return {"type": f"response.{what}", "response": self.resource()}

    def resource(self) -> Fields:
        return {**self._now, "status": self.status, "output": [*self._output.items]}


def _failure(error: ChatError) -> Fields:
    """With a code that OpenAI has, and our own as its type."""
    usual = "server_error" if error.status >= 500 else "invalid_prompt"
    code = _CODES.get(error.code) or _CODES_OF.get(error.status, usual)
    message = error.message
    if (wait := error.retry_after_ms) is not None:  # In words that clients look for.
        message = f"{message} Please try again in {-(-wait // 1000)}s."
    return {"code": code, "message": message, "type": error.code, "param": error.param}


def _usage(usage: Usage) -> Fields:
    cached = {"cached_tokens": usage.cached_tokens, "cache_write_tokens": 0}
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": cached,
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.total_tokens,
        **({"estimated": True} if usage.estimated else {}),
    }
