"""A finished run as the JSON object that the journal keeps and sinks send.

Its fields are those of the table in docs/telemetry.md, and `calls`, which only sinks
read.
"""

import json
from collections.abc import Mapping
from typing import Literal, NotRequired, TypedDict, TypeGuard

import orjson

from runs import MAX_KEPT, ModelCall, Run
from runs.attempts import AttemptRecord
from runs.finish_reasons import Status
from streaming.events import FinishReason, Usage

SCHEMA = 1

CONTENT = ("prompt", "content")
"""The fields that hold a caller's text: never logged, and empty if it is unwanted."""

MAX_CONTENT_BYTES = MAX_KEPT
"""Prompt and content are left out if they are larger: no hub takes such an event."""


class UsageRecord(TypedDict):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    estimated: bool


class CallRecord(TypedDict):
    """One model call; times are milliseconds since the run began."""

    deployment: str
    model: str | None
    operation: str
    provider: str | None
    backend: str | None
    region: str | None
    parameters: dict[str, float]
    finish_reason: FinishReason | None
    error: str | None
    chunks: int
    started_ms: float
    first_chunk_ms: float | None
    last_chunk_ms: float | None
    ended_ms: float | None
    usage: UsageRecord


class Record(TypedDict):
    """One run. `truncated` is there only if its prompt and content were left out."""

    schema: int
    type: Literal["stream_completion", "completion"]
    id: str
    timestamp: str
    status: Status | None
    finish_reason: FinishReason | None
    content: str | None
    prompt: object
    model: str | None
    deployment: str
    region: str | None
    backend: str | None
    chain: str | None
    dialect: str
    usage: UsageRecord
    latency_ms: int
    time_to_first_chunk_ms: int | None
    streaming_duration_ms: int
    inter_token_ms: dict[str, float] | None
    error: dict[str, str] | None
    request_id: str
    invocation_id: str | None
    traceparent: str | None
    principal: str | None
    end_user: str | None
    metadata: Mapping[str, str] | None
    thread_id: str | None
    cost: dict[str, object] | None
    attempts: list[AttemptRecord]
    calls: list[CallRecord]
    truncated: NotRequired[bool]


def build(run: Run, *, content: bool) -> Record:
    call, latency = run.last_call, run.timing.latency
    left = run.status == "cancelled" and run.stopped_by is None
    record: Record = {
        "schema": SCHEMA,
        "type": "stream_completion" if run.streamed else "completion",
        "id": run.id,
        "timestamp": run.timestamp.isoformat().replace("+00:00", "Z"),
        "status": run.status,
        "finish_reason": None if left else run.finish_reason,
        "content": None,
        "prompt": None,
        "model": (call and call.model) or None,
        "deployment": run.deployment,
        "region": (call and call.region) or None,
        "backend": (call and call.backend) or None,
        "chain": run.chain or None,
        "dialect": run.dialect,
        "usage": _usage(run.usage),
        "latency_ms": latency["latency_ms"],
        "time_to_first_chunk_ms": latency["time_to_first_chunk_ms"],
        "streaming_duration_ms": latency["streaming_duration_ms"],
        "inter_token_ms": run.timing.inter_token_ms,
        "error": {"code": run.error.code} if run.error else None,
        "request_id": run.request_id,
        "invocation_id": run.invocation_id or None,
        "traceparent": run.traceparent or None,
        "principal": run.principal,
        "end_user": run.end_user,
        "metadata": run.metadata or None,
        "thread_id": run.thread_id,
        "cost": run.cost.as_dict() if run.cost else None,
        "attempts": list(run.attempts),
        "calls": [_call(each, run) for each in run.calls.values()],
    }
    if content:
        _add_content(record, run)
    return record


def _usage(usage: Usage) -> UsageRecord:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
        "cached_tokens": usage.cached_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "estimated": usage.estimated,
    }


def _add_content(record: Record, run: Run) -> None:
    size = run.prompt_bytes + sum(map(len, run.content))
    if size > MAX_CONTENT_BYTES or run.unread:
        record["truncated"] = True
    else:
        record["prompt"] = run.prompt() if run.prompt else None
        record["content"] = "".join(run.content)


def _call(call: ModelCall, run: Run) -> CallRecord:
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
        "started_ms": _milliseconds(call.started - run.started),
        "first_chunk_ms": _since(run.started, call.first_chunk),
        "last_chunk_ms": _since(run.started, call.last_chunk),
        "ended_ms": _since(run.started, call.ended_at),
        "usage": _usage(call.usage or call.estimate()),
    }


def _since(started: float, at: float | None) -> float | None:
    return None if at is None else _milliseconds(at - started)


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)


def truncated(record: Record) -> Record:
    """A copy without prompt and content, marked as truncated if it had any."""
    gone = (record.get("prompt"), record.get("content")) != (None, None)
    cut = without_content(record)
    if gone:
        cut["truncated"] = True
    return cut


def without_content(record: Record) -> Record:
    return {**record, "prompt": None, "content": None}


def published(record: Record) -> dict[str, object]:
    """The record without `calls`, as documented."""
    return {name: value for name, value in record.items() if name != "calls"}


def dumps(record: Mapping[str, object]) -> bytes:
    """One line of JSON, whatever text and numbers are in *record*."""
    try:
        return orjson.dumps(record)
    except TypeError:
        # Half a surrogate pair, or an integer of more than 64 bits.
        return _lenient(record).encode()


def _lenient(record: Mapping[str, object]) -> str:
    try:
        return json.dumps(record, separators=(",", ":"), allow_nan=False)
    except ValueError:  # JSON has neither NaN nor infinity.
        finite = json.loads(json.dumps(record), parse_constant=lambda _: None)
        return json.dumps(finite, separators=(",", ":"))


def loads(line: bytes) -> Record:
    """Read a line of `dumps`; raise `ValueError` if it is no record."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        value = json.loads(line)
    if not _is_record(value):
        raise ValueError("not a record")
    return value


def _is_record(value: object) -> TypeGuard[Record]:
    # Another version may have written it: a sink rejects a record that it cannot read.
    return isinstance(value, dict) and {"id", "type", "schema"} <= value.keys()
