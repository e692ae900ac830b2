"""OpenAI's chat completions, as its SDKs and Azure OpenAI's callers speak them.

See: https://platform.openai.com/docs/api-reference/chat
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import assert_never

from streaming import openai_form, sse
from streaming.dialects._answer import keep_alive
from streaming.dialects.json import headers
from streaming.dialects.openai.request import model, parse
from streaming.errors import Cancelled, ChatError
from streaming.events import (
    Citation,
    Custom,
    Done,
    Error,
    Event,
    Interrupt,
    Node,
    NodeUpdate,
    Output,
    ReasoningDelta,
    Redact,
    TextDelta,
    ToolCall,
    ToolResult,
    Usage,
)
from streaming.requests import ChatRequest
from streaming.settled import settled

__all__ = ["encode", "error", "headers", "keep_alive", "model", "parse"]

Fields = dict[str, object]


def error(error: ChatError, request_id: str) -> bytes:
    return sse.dumps(_error(error))


def _error(error: ChatError) -> Fields:
    return {"error": error_object(error)}


def error_object(error: ChatError) -> Fields:
    kinds = {401: "authentication_error", 429: "rate_limit_error"}
    kind = "invalid_request_error" if error.status < 500 else "server_error"
    return {
        "message": error.message,
        "type": kinds.get(error.status, kind),
        "param": error.param,
        "code": error.code,
    }


async def encode(
    events: AsyncGenerator[Event], request: ChatRequest
) -> AsyncGenerator[bytes]:
    chunks = _Chunks(request) if request.stream else None
    answer = _Answer(request)
    async with aclosing(events if chunks else settled(events)) as told:
        async for event in told:
            if chunks is None:
                answer.add(event)
            elif frame := chunks.encode(event):
                yield frame
    if chunks is None:
        yield answer.encode()


class _Chunks:
    """Writes the chunks of one stream, which depend on what was sent before.

    In this dialect the caller runs tool calls: calls are held back to the end, and
    those that the server has run by then are left out.
    """

    def __init__(self, request: ChatRequest) -> None:
        self._include_usage = request.include_usage
        self._head: Fields = {
            "id": f"chatcmpl-{request.run_id}",
            "object": "chat.completion.chunk",
            "created": request.created,
            "model": request.chain or "",
        }
        self._tail: Fields = {"usage": None} if request.include_usage else {}
        self._begun = self._failed = False
        self._calls = _Calls()
        self._usage = Usage()

    def encode(self, event: Event) -> bytes:
        """The frames of *event*; there may be none."""
        match event:
            case TextDelta(deployment, text):
                return self._delta({"content": text}, deployment)
            case ReasoningDelta(deployment, text):
                return self._delta({"reasoning_content": text}, deployment)
            case Citation():
                return self._delta({"context": {"citations": [_citation(event)]}})
            case Redact():
                return self._delta({}, event.deployment, **_offsets(event))
            case ToolCall() | ToolResult():
                self._calls.note(event)
            case Interrupt():
                self._calls.ask(event)
            case Custom() | Output() | Node() | NodeUpdate():
                pass  # The dialect has no word for these.
            case Usage():
                self._usage = event
            case Error(_, error):
                self._failed = True
                return sse.encode(_error(error))
            case Done():
                return self._end(event)
            case _:
                assert_never(event)
        return b""

    def _end(self, done: Done) -> bytes:
        # SDKs take any finish chunk for success.
        if self._failed:
            return b""
        if (failure := done.stopped_by) is not None:
            return sse.encode(_error(failure))
        calls = [
            self._delta({"tool_calls": [{"index": index, **call}]}, done.deployment)
            for index, call in enumerate(self._calls.open())
        ]
        reason = self._calls.finish_reason(done)
        end = self._delta({}, done.deployment, finish_reason=reason)
        frames = [*calls, end]
        if self._include_usage:
            usage = {"choices": [], "usage": _usage(self._usage)}
            frames.append(sse.encode({**self._head, **usage}))
        return b"".join([*frames, sse.DONE])

    def _delta(self, delta: Fields, deployment: str = "", **more: object) -> bytes:
        if deployment:
            self._head["model"] = deployment
        if self._begun:
            return self._chunk(delta, more)
        self._begun = True
        first = self._chunk({"role": "assistant", "content": ""}, {})
        return first + self._chunk(delta, more)

    def _chunk(self, delta: Fields, more: Fields) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": None, **more}
        return sse.encode({**self._head, "choices": [choice], **self._tail})


class _Answer:
    def __init__(self, request: ChatRequest) -> None:
        self._request = request
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._citations: list[Fields] = []
        self._calls = _Calls()
        self._usage = Usage()
        self._done = Done(deployment="", finish_reason="stop", run_id="")

    def add(self, event: Event) -> None:
        match event:
            case TextDelta(_, text):
                self._text.append(text)
            case ReasoningDelta(_, text):
                self._reasoning.append(text)
            case Citation():
                self._citations.append(_citation(event))
            case ToolCall() | ToolResult():
                self._calls.note(event)
            case Usage():
                self._usage = event
            case Interrupt():
                self._calls.ask(event)
            case Done(finish_reason="cancelled"):
                raise Cancelled()
            case Redact() | Error():
                pass  # `finish_reason` says the one, the response's status the other.
            case Custom() | Output() | Node() | NodeUpdate():
                pass  # The dialect has no word for these.
            case Done():
                self._done = event
            case _:
                assert_never(event)

    def encode(self) -> bytes:
        reason = self._calls.finish_reason(self._done)
        choice = {"index": 0, "message": self._message(), "finish_reason": reason}
        return sse.dumps(
            {
                "id": f"chatcmpl-{self._request.run_id}",
                "object": "chat.completion",
                "created": self._request.created,
                "model": self._done.deployment,
                "choices": [{**choice, "logprobs": None}],
                "usage": _usage(self._usage),
            }
        )

    def _message(self) -> Fields:
        calls = self._calls.open()
        text = "".join(self._text)
        message: Fields = {"role": "assistant", "refusal": None}
        message["content"] = None if calls and not text else text
        if self._reasoning:
            message["reasoning_content"] = "".join(self._reasoning)
        if calls:
            message["tool_calls"] = calls
        if self._citations:
            message["context"] = {"citations": self._citations}
        return message


class _Calls:
    """The tool calls that have no result yet."""

    def __init__(self) -> None:
        self._calls: list[ToolCall] = []

    def note(self, event: ToolCall | ToolResult) -> None:
        if isinstance(event, ToolCall):
            self._calls.append(event)
        else:
            self._calls = [call for call in self._calls if call.id != event.id]

    def ask(self, interrupt: Interrupt) -> None:
        """A question to a person is a call that the caller has to run."""
        self._calls.append(interrupt.as_call())

    def open(self) -> list[Fields]:
        return [_function_call(call) for call in self._calls]

    def finish_reason(self, done: Done) -> str:
        """`tool_calls` if the caller has a call to run, and only then.

        A cut answer keeps its own reason: its calls may be incomplete.
        """
        if done.finish_reason in ("stop", "tool_calls", "interrupt"):
            return "tool_calls" if self._calls else "stop"
        if done.finish_reason == "budget":
            return "length"
        return done.finish_reason


def _function_call(call: ToolCall) -> Fields:
    args = call.args
    arguments = args if isinstance(args, str) else sse.dumps(args).decode()
    return openai_form.call(call.id, call.name, arguments)


def _citation(citation: Citation) -> Fields:
    """As Azure OpenAI cites "your data"; `chunk_id` is what `[id]` refers to."""
    return {
        "content": citation.snippet,
        "title": citation.title,
        "url": citation.url,
        "chunk_id": citation.id,
    }


def _offsets(redact: Redact) -> Fields:
    """Content filter offsets, in the form of Azure OpenAI's asynchronous filter."""
    start, end = redact.start_offset, redact.end_offset
    offsets = {"check_offset": start, "start_offset": start, "end_offset": end}
    return {"content_filter_offsets": offsets}


def _usage(usage: Usage) -> Fields:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        **({"estimated": True} if usage.estimated else {}),
    }
