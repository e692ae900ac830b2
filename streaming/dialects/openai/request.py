"""Reads requests in the form of OpenAI's chat completions."""

from collections.abc import Mapping

from streaming import caller_tools, requests
from streaming.dialects.json import decode
from streaming.errors import InvalidRequest, invalid
from streaming.requests import (
    ChatRequest,
    FunctionCall,
    LimitField,
    Message,
    Sampling,
    only,
)


def parse(body: bytes, path: Mapping[str, str]) -> ChatRequest:
    """Read a request to OpenAI's API; fields that do not concern a chain are ignored.

    The chain is the path's `deployment`, else the body's `model`.
    """
    fields = {name: value for name, value in decode(body).items() if value is not None}
    for name, nothing in (("logprobs", False), ("n", 1)):
        if fields.get(name, nothing) != nothing:
            raise _refused(name)
    limit = _limit_name(fields)
    sampling = only(Sampling.model_fields, fields)
    if limit is not None:
        sampling["max_tokens"] = fields[limit]
    return requests.validate(
        {
            "messages": _messages(_conversation(fields)),
            "chain": path.get("deployment") or _model(fields),
            "stream": fields.get("stream", False),
            "include_usage": _include_usage(fields.get("stream_options", {})),
            "limit_name": limit,
            "sampling": sampling,
            "end_user": requests.end_user(fields.get("user")),
            **only(requests.OF_CHAINS, fields),
            "caller_tools": caller_tools.normalized(fields),
        },
        {"max_tokens": limit or "max_tokens"},
    )


def _conversation(fields: Mapping[str, object]) -> object:
    return fields.get("messages", [] if "resume" in fields else None)


def _limit_name(fields: Mapping[str, object]) -> LimitField | None:
    """The newer name, if the request has both, as many clients send both."""
    if "max_completion_tokens" in fields:
        return "max_completion_tokens"
    return "max_tokens" if "max_tokens" in fields else None


def model(fields: Mapping[str, object]) -> str:
    """The `model` of *fields*; raises `InvalidRequest` without one."""
    name = _model(fields)
    if name is None:
        raise invalid("model", "is missing")
    return name


def _model(fields: Mapping[str, object]) -> str | None:
    match fields.get("model"):
        case None:
            return None
        case str(name) if name:
            return name
        case _:
            raise invalid("model", "expected a non-empty string")


def _refused(name: str) -> InvalidRequest:
    return invalid(name, "is not supported by a chain")


def _include_usage(options: object) -> object:
    return options.get("include_usage") or False if isinstance(options, dict) else 0


def _messages(messages: object) -> object:
    """*messages* without the fields that only answers have."""
    if not isinstance(messages, list):
        return messages
    return [_message(each) if isinstance(each, dict) else each for each in messages]


def _message(given: Mapping[str, object]) -> dict[str, object]:
    message = only(Message.model_fields, _with_tools(given))
    if message.get("content") is None and isinstance(given.get("refusal"), str):
        message["content"] = given["refusal"]
    calls = message.get("tool_calls")
    if isinstance(calls, list):
        message["tool_calls"] = [_tool_call(call) for call in calls] or None
    return message


def _with_tools(given: Mapping[str, object]) -> Mapping[str, object]:
    """*given* as it is today, if it is from when tools were functions."""
    match given:
        case {"role": "function", "name": str(name)}:
            return {**given, "role": "tool", "tool_call_id": f"call_{name}"}
        case {"role": "assistant", "function_call": {"name": str(name)} as function}:
            call = {"id": f"call_{name}", "type": "function", "function": function}
            return {**given, "tool_calls": [call]}
        case _:
            return given


def _tool_call(call: object) -> object:
    if not isinstance(call, dict):
        return call
    known = only(("id", "type", "function"), call)
    if isinstance(function := known.get("function"), dict):
        known["function"] = only(FunctionCall.model_fields, function)
    return known
