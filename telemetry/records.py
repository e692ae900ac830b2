"""A finished run as the JSON object that the journal keeps and sinks are given.

Every record has the fields of the table in docs/telemetry.md. `calls`, one object a
model call, is for sinks alone that need them, as OpenTelemetry's spans do.
"""

import json
from typing import Any

import orjson

from runs import ModelCall, Run
from streaming.events import Usage

SCHEMA = 1

CONTENT = ("prompt", "content")
"""What was asked and answered: in no log, and in no record where that is unwanted."""

MAX_CONTENT_BYTES = 900_000
"""More of prompt and content together is left out: no hub takes a larger event."""

Record = dict[str, Any]


def build(run: Run, *, content: bool) -> Record:
    """What there is to say of *run*; with *content* what was asked and answered too."""
    call = run.last_call
    record = {
        "schema": SCHEMA,
        "type": "stream_completion" if run.streamed else "completion",
        "id": run.id,
        "timestamp": run.timestamp.isoformat().replace("+00:00", "Z"),
        "status": run.status,
        "finish_reason": None if run.status == "cancelled" else run.finish_reason,
        "content": None,
        "prompt": None,
        "model": (call and call.model) or None,
        "deployment": run.deployment,
        "region": (call and call.region) or None,
        "backend": (call and call.backend) or None,
        "chain": run.chain or None,
        "dialect": run.dialect,
        "usage": _usage(run.usage),
        **run.latency,
        "inter_token_ms": run.inter_token_ms,
        "error": {"code": run.error.code} if run.error else None,
        "request_id": run.request_id,
        "invocation_id": run.invocation_id or None,
        "traceparent": run.traceparent or None,
        "principal": run.principal,
        "calls": [_call(each, run) for each in run.calls.values()],
    }
    if content:
        record |= _content(run)
    return record


def _usage(usage: Usage) -> dict[str, int | bool]:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
        "cached_tokens": usage.cached_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "estimated": usage.estimated,
    }


def _content(run: Run) -> Record:
    size = run.prompt_bytes + sum(map(len, run.content))
    if size > MAX_CONTENT_BYTES or run.unread:
        return {"truncated": True}
    prompt = run.prompt() if run.prompt else None
    return {"prompt": prompt, "content": "".join(run.content)}


def _call(call: ModelCall, run: Run) -> Record:
    """Times are milliseconds since the run began."""
    times = {
        "started_ms": call.started,
        "first_chunk_ms": call.first_chunk,
        "last_chunk_ms": call.last_chunk,
        "ended_ms": call.ended_at,
    }
    return {
        "deployment": call.deployment,
        "model": call.model or None,
        "operation": call.operation,
        "provider": call.provider or None,
        "backend": call.backend or None,
        "region": call.region or None,
        "parameters": dict(call.parameters),
        "finish_reason": call.finish_reason,
        "error": call.error or None,
        "chunks": call.chunks,
        **{name: _since(run.started, at) for name, at in times.items()},
        "usage": _usage(call.usage or call.estimate()),
    }


def _since(started: float, at: float | None) -> float | None:
    return None if at is None else round((at - started) * 1000, 3)


def without_content(record: Record) -> Record:
    """*record*, of which what was asked and answered is gone, and marked so."""
    gone = any(record.get(name) is not None for name in CONTENT)
    cut = {**record, **dict.fromkeys(CONTENT)}
    return {**cut, "truncated": True} if gone else cut


def unasked(record: Record) -> Record:
    """*record* without what was asked and answered, which nobody wants."""
    return {**record, **dict.fromkeys(CONTENT)}


def published(record: Record) -> Record:
    """*record* as it is documented: without `calls`."""
    return {name: value for name, value in record.items() if name != "calls"}


def dumps(record: Record) -> bytes:
    """One line of JSON, whatever text and numbers are in *record*."""
    try:
        return orjson.dumps(record)
    except TypeError:
        # Half a surrogate pair, or an integer of more than 64 bits.
        return _lenient(record).encode()


def _lenient(record: Record) -> str:
    try:
        return json.dumps(record, separators=(",", ":"), allow_nan=False)
    except ValueError:  # JSON has neither NaN nor infinity.
        finite = json.loads(json.dumps(record), parse_constant=lambda _: None)
        return json.dumps(finite, separators=(",", ":"))


def loads(line: bytes) -> Record:
    """What `dumps` has written; raises `ValueError` where that is not what it is."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        value = json.loads(line)
    if not isinstance(value, dict) or not {"id", "type", "schema"} <= value.keys():
        raise ValueError("not a record")
    return value
