"""The native wire: a JSON object an event, ended by `event: done`."""

from codecs import BOM_UTF8
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import assert_never

import orjson

from streaming import requests, sse
from streaming.errors import ChatError, InvalidRequest, TooLarge, invalid
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
    members,
)
from streaming.headers import JSON
from streaming.large import count_marks
from streaming.requests import ChatRequest, Sampling

NAMES: Mapping[type[Event], str] = {
    ToolCall: "tool_call",
    ToolResult: "tool_result",
    Citation: "citation",
    Redact: "redact",
    Custom: "custom",
    Interrupt: "interrupt",
}
"""The names of events whose data is all that they have."""

LISTS: Mapping[type[Event], str] = {
    ToolCall: "tool_calls",
    ToolResult: "tool_results",
    Redact: "redactions",
}
"""Where an answer that does not stream has them."""

INTERNAL = (
    *("again", "by_id", "caller_tools", "chat", "continues", "created", "echo", "id"),
    *("include_usage", "limit_name", "replaces", "response", "run_id", "sampling"),
    "whole",
)
"""Fields of a `ChatRequest` that are no fields of this wire."""

ASKED = ("reasoning_effort",)
"""Fields of `CallerTools` that this wire has too."""

PROMPTS = ("user", "message", "messages", "resume")

KNOWN = {*PROMPTS, *ChatRequest.model_fields, *Sampling.model_fields, *ASKED} - {
    *INTERNAL
}


def parse(body: bytes, path: Mapping[str, str]) -> ChatRequest:
    """Read `{"user": …}` or `{"messages": […]}` and the optional fields beside it."""
    return requests.validate(normalize(decode(body)))


MAX_CONTAINERS = 50_000
"""Lists and objects in a body. Python's garbage collection stops the process for longer
the more there are."""


def decode(body: bytes) -> dict[str, object]:
    """The JSON object in *body*; raises `InvalidRequest` for anything else, `TooLarge`
    for one of too many parts."""
    if count_marks(body, b"[{", most=MAX_CONTAINERS) > MAX_CONTAINERS:
        raise TooLarge(f"The body has more than {MAX_CONTAINERS} lists and objects.")
    try:
        value = orjson.loads(body.removeprefix(BOM_UTF8))
    except orjson.JSONDecodeError as exc:
        message = (
            f"The body is not JSON in UTF-8: line {exc.lineno}, column {exc.colno}."
        )
        raise InvalidRequest(message) from None
    if not isinstance(value, dict):
        raise InvalidRequest("The body is not a JSON object.")
    return value


def normalize(given: Mapping[str, object]) -> dict[str, object]:
    """Turn the wire's flat fields into `ChatRequest`'s: one prompt, sampling apart.

    A field that is `null` is not given.
    """
    fields = {
        name: value
        for name, value in given.items()
        if value is not None or name not in KNOWN
    }
    [prompt] = _checked_prompts(fields)
    if prompt == "resume":
        fields["messages"] = []
    elif prompt != "messages":
        text = fields.pop(prompt)
        if not isinstance(text, str) or not text:
            raise invalid(prompt, "expected a non-empty string")
        fields["messages"] = [{"role": "user", "content": text}]
    sampling = {
        name: fields.pop(name) for name in Sampling.model_fields if name in fields
    }
    asked = {name: fields.pop(name) for name in ASKED if name in fields}
    return {**fields, "sampling": sampling, "caller_tools": asked}


def _checked_prompts(fields: Mapping[str, object]) -> list[str]:
    """The one field that has the prompt; `InvalidRequest` also names unknown fields."""
    for name in INTERNAL:
        if name in fields:
            raise invalid(name, "is not a known field")
    prompts = [name for name in PROMPTS if name in fields]
    if len(prompts) == 1:
        return prompts
    but = f", not {' and '.join(prompts)}" if prompts else ""
    unknown = [name for name in fields if name and fields[name] is not None]
    problems = [
        f"{name[:100]}: is not a known field" for name in unknown if name not in KNOWN
    ]
    problem = f"user, messages: give exactly one of them{but}"
    raise InvalidRequest("; ".join([problem, *problems[:5]]))


def headers(request: ChatRequest) -> Mapping[str, str]:
    if request.stream:
        return sse.HEADERS
    return JSON


def error(error: ChatError, request_id: str) -> bytes:
    return sse.dumps({"error": error.as_dict(request_id)})


def keep_alive(deployment: str) -> bytes:
    # A comment would break @microsoft/fetch-event-source, which parses it as data.
    return sse.encode({"deployment": deployment, "delta_content": ""})


async def encode(
    events: AsyncGenerator[Event], request: ChatRequest
) -> AsyncGenerator[bytes]:
    if not request.stream:
        yield await _whole(events)
        return
    usage = Usage()
    async with aclosing(events):
        async for event in events:
            match event:
                case TextDelta(deployment, text):
                    yield sse.encode({"deployment": deployment, "delta_content": text})
                case ReasoningDelta(deployment, text):
                    data = {"deployment": deployment, "delta_reasoning": text}
                    yield sse.encode(data, "reasoning")
                case (
                    ToolCall()
                    | ToolResult()
                    | Citation()
                    | Redact()
                    | Custom()
                    | Interrupt()
                ):
                    yield sse.encode(members(event), NAMES[type(event)])
                case Output() | Node() | NodeUpdate():
                    pass  # The text has said the one; the others are not told.
                case Error(deployment, failure):
                    error = failure.as_dict(request.id)
                    yield sse.encode(
                        {"deployment": deployment, "error": error}, "error"
                    )
                case Usage():
                    usage = event
                case Done():
                    yield sse.encode(_done(event, usage), "done")
                case _:
                    assert_never(event)


def _done(done: Done, usage: Usage) -> dict[str, object]:
    numbers = members(usage)
    if not usage.estimated:
        del numbers["estimated"]
    return {
        "deployment": done.deployment,
        "finish_reason": done.finish_reason,
        "run_id": done.run_id,
        "usage": numbers,
        "latency_ms": done.latency_ms,
        "time_to_first_chunk_ms": done.time_to_first_chunk_ms,
        "streaming_duration_ms": done.streaming_duration_ms,
        **({} if done.kept else {"kept": False}),
        **({"cost": done.cost.as_dict()} if done.cost else {}),
    }


async def _whole(events: AsyncGenerator[Event]) -> bytes:
    text: list[str] = []
    reasoning: list[str] = []
    lists: dict[str, list[dict[str, object]]] = {"citations": [], "tool_calls": []}
    answer: dict[str, object] = {}
    usage = Usage()
    async with aclosing(events):
        async for event in events:
            match event:
                case TextDelta(_, piece):
                    text.append(piece)
                case ReasoningDelta(_, piece):
                    reasoning.append(piece)
                case Citation():
                    lists["citations"].append(members(event))
                case Interrupt():
                    lists.setdefault("interrupts", []).append(members(event))
                case ToolCall() | ToolResult() | Redact():
                    more = lists.setdefault(LISTS[type(event)], [])
                    more.append(_without_deployment(event))
                case Custom() | Node() | NodeUpdate() | Error():
                    pass  # The last is the status, the others are for streams.
                case Output(value):
                    answer["output"] = value
                case Usage():
                    usage = event
                case Done():
                    answer |= _done(event, usage)
                case _:
                    assert_never(event)
    deployment = answer.pop("deployment", "")
    extra = {"reasoning": "".join(reasoning)} if reasoning else {}
    return sse.dumps(
        {"deployment": deployment, "content": "".join(text), **extra, **answer, **lists}
    )


def _without_deployment(event: ToolCall | ToolResult | Redact) -> dict[str, object]:
    fields = members(event)
    del fields["deployment"]
    return fields
