"""One response: what it is at any moment, and the events of its life."""

import json
from collections.abc import Iterator
from typing import assert_never

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

_REASONING: Fields = {"effort": None, "summary": None}
_ECHO: Fields = {
    **{"instructions": None, "tools": [], "tool_choice": "auto", "metadata": {}},
    **{
        "parallel_tool_calls": True,
        "truncation": "disabled",
        "service_tier": "default",
    },
    **{"temperature": 1.0, "top_p": 1.0, "top_logprobs": 0, "max_output_tokens": None},
    **{"presence_penalty": 0.0, "frequency_penalty": 0.0, "max_tool_calls": None},
    **{"store": True, "background": False, "previous_response_id": None, "user": None},
    **{"safety_identifier": None, "prompt_cache_key": None},
    **{"text": {"format": {"type": "text"}}, "reasoning": _REASONING},
}
"""What a response repeats of its request, if it was not given."""

_CUT = {"length": "max_output_tokens", "budget": "max_output_tokens"}
_CUT |= {"content_filter": "content_filter"}
"""Why a response is incomplete."""

_CODES = {"context_length_exceeded": "context_length_exceeded"}
"""What clients look for beside the three codes below."""


class Resource:
    """The response that answers *request*, as far as its events are `written`."""

    def __init__(self, request: ChatRequest) -> None:
        tools = request.caller_tools.tools or []
        functions = (tool.get("function") for tool in tools)
        own = {str(each.get("name")) for each in functions if isinstance(each, dict)}
        run, chain = request.run_id.replace("-", ""), request.chain or ""
        self._output = Items(run, chain, own)
        self._head: Fields = {
            "id": f"resp_{run}",
            "object": "response",
            "created_at": request.created,
            "model": chain,
            **_ECHO,
            **json.loads(request.echo.get("response", "{}")),
        }
        self._error: ChatError | None = None
        self._ended: Fields = {}
        self.done: Done | None = None
        self._status = "queued" if self._head["background"] else "in_progress"

    def begun(self) -> Iterator[Fields]:
        """What is told before anything else."""
        yield self._told("created")
        if self._status == "queued":
            yield self._told("queued")
            self._status = "in_progress"
        yield self._told("in_progress")

    def written(self, event: Event) -> Iterator[Fields]:
        self._status, output = "in_progress", self._output
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
        self.done, reason = done, done.finish_reason
        if reason in ("error", "deadline", "cancelled"):
            yield from self._output.close("incomplete")
            failure = self._error or done.stopped_by or InternalError()
            self._ended["error"] = _failure(failure)
            self._status = "cancelled" if reason == "cancelled" else "failed"
            yield self._told("failed")
        elif (cut := _CUT.get(reason)) is not None:
            yield from self._output.end("incomplete", waits=False)
            self._ended["incomplete_details"] = {"reason": cut}
            self._status = "incomplete"
            yield self._told("incomplete")
        else:
            yield from self._output.end("completed", waits=reason == "interrupt")
            created = self._head["created_at"]
            assert isinstance(created, int)
            self._ended["completed_at"] = created + done.latency_ms // 1000
            self._status = "completed"
            yield self._told("completed")

    def _told(self, what: str) -> Fields:
        return {"type": f"response.{what}", "response": self.resource()}

    def resource(self) -> Fields:
        return {
            **self._head,
            "status": self._status,
            **{"error": None, "incomplete_details": None, "completed_at": None},
            **self._ended,
            "output": [*self._output.items],
            "usage": _usage(self.done.usage) if self.done else None,
        }


def _failure(error: ChatError) -> Fields:
    """With a code that OpenAI has, and our own as its type."""
    by_status = {429: "rate_limit_exceeded", 409: "server_error"}
    usual = "server_error" if error.status >= 500 else "invalid_prompt"
    code = _CODES.get(error.code) or by_status.get(error.status, usual)
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
