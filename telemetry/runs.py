"""A run: what ran, how long it took, how many tokens it used, how it ended.

Fields are named as in OpenTelemetry's GenAI conventions where those have a name.
See: https://github.com/open-telemetry/semantic-conventions-genai
"""

import logging
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Literal
from uuid import uuid4

from streaming.errors import ChatError, DeadlineExceeded
from streaming.events import VISIBLE, Done, Event, FinishReason, TextDelta, Usage

log = logging.getLogger(__name__)

FINISH_REASONS: Mapping[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "content_filter": "content_filter",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    # As other providers' integrations have them.
    "end_turn": "stop",
    "stop_sequence": "stop",
    "completed": "stop",
    "max_tokens": "length",
    "incomplete": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
    "safety": "content_filter",
}

Status = Literal["ok", "error", "cancelled", "content_filter", "deadline"]


@dataclass(slots=True)
class ModelCall:
    """One call of a model; `usage` is `None` until the provider has sent it.

    `estimate` counts the tokens where the provider never did.
    """

    deployment: str
    model: str = ""
    usage: Usage | None = None
    finish_reason: FinishReason | None = None
    ended: bool = False
    output_bytes: int = 0
    estimate: Callable[[], Usage] = Usage

    @property
    def cut(self) -> bool:
        """Whether the call ended without saying why."""
        return self.ended and self.finish_reason is None

    def note_finish(self, reason: str) -> None:
        """The provider's *reason* in our words; `content_filter` beats all."""
        known = FINISH_REASONS.get(reason.lower())
        if known is None:
            log.warning("unknown finish reason %.40r, taken for 'stop'", reason)
        if self.finish_reason != "content_filter":
            self.finish_reason = known or "stop"


@dataclass(slots=True)
class Run:
    """One request's run, filled in while it streams; it satisfies `Progress`.

    Times are `time.monotonic()`; `content` is what the caller was shown.
    """

    chain: str = ""
    dialect: str = ""
    streamed: bool = True
    id: str = field(default_factory=lambda: str(uuid4()))
    request_id: str = ""
    invocation_id: str = ""
    traceparent: str = ""
    principal: str | None = None
    started: float = field(default_factory=monotonic)
    timestamp: datetime = field(default_factory=lambda: datetime.now(UTC))
    active_at: float = 0.0
    tools_running: int = 0
    calls: dict[Hashable, ModelCall] = field(default_factory=dict)
    content: list[str] = field(default_factory=list)
    status: Status | None = None
    error: ChatError | None = None
    _latest: ModelCall | None = None
    _first_visible: float | None = None
    _ended: float | None = None

    @property
    def deployment(self) -> str:
        """The deployment that answers; the chain's name until one does."""
        return self._latest.deployment if self._latest else self.chain

    def begin_call(self, key: Hashable, call: ModelCall) -> None:
        """A model call has begun."""
        self.calls[key] = self._latest = call
        self.active_at = monotonic()

    def see(self, event: Event) -> None:
        """*event* goes out to the caller."""
        if self._first_visible is None and isinstance(event, VISIBLE):
            self.note_visible()
        if isinstance(event, TextDelta):
            self.content.append(event.text)

    def note_visible(self) -> None:
        """The caller is shown something; the first time counts."""
        if self._first_visible is None:
            self._first_visible = monotonic()

    @property
    def cut(self) -> bool:
        """Whether any of the model calls ended without saying why."""
        return any(call.cut for call in self.calls.values())

    @property
    def finish_reason(self) -> FinishReason:
        """The last model call's, but `content_filter` beats all."""
        if self.status == "deadline":
            return "deadline"
        if self.error is not None:
            return "error"
        reasons = [call.finish_reason for call in self.calls.values()]
        if "content_filter" in reasons:
            return "content_filter"
        return next((reason for reason in reversed(reasons) if reason), "stop")

    @property
    def usage(self) -> Usage:
        """The sum over all model calls: the provider's numbers, else estimates."""
        each = [call.usage or call.estimate() for call in self.calls.values()]
        return Usage(
            input_tokens=sum(usage.input_tokens for usage in each),
            output_tokens=sum(usage.output_tokens for usage in each),
            total_tokens=sum(usage.total_tokens for usage in each),
            cached_tokens=sum(usage.cached_tokens for usage in each),
            reasoning_tokens=sum(usage.reasoning_tokens for usage in each),
            estimated=any(usage.estimated for usage in each),
        )

    def finish(
        self, error: ChatError | None = None, *, cancelled: bool = False
    ) -> None:
        """The run is over; what comes after changes nothing."""
        if self._ended is not None:
            return
        self._ended = monotonic()
        if cancelled:
            self.status = "cancelled"
        elif isinstance(error, DeadlineExceeded):
            self.status, self.error = "deadline", error
        elif error is not None:
            filtered = error.code == "content_filter"
            self.status, self.error = ("content_filter" if filtered else "error"), error
        else:
            filtered = self.finish_reason == "content_filter"
            self.status = "content_filter" if filtered else "ok"

    def done(self) -> Done:
        """The run's terminal event."""
        return Done(
            deployment=self.deployment,
            finish_reason=self.finish_reason,
            run_id=self.id,
            usage=self.usage,
            **self._latency(),
        )

    def _latency(self) -> dict[str, Any]:
        ended = self._ended if self._ended is not None else monotonic()
        total = round((ended - self.started) * 1000)
        if self._first_visible is None:
            first = None
        else:
            first = min(total, round((self._first_visible - self.started) * 1000))
        return {
            "latency_ms": total,
            "time_to_first_chunk_ms": first,
            "streaming_duration_ms": 0 if first is None else total - first,
        }

    def record(self) -> dict[str, Any]:
        """The run as sinks send it, without what was asked and answered."""
        usage = self.usage
        call = self._latest
        return {
            "schema": 1,
            "type": "stream_completion" if self.streamed else "completion",
            "id": self.id,
            "timestamp": self.timestamp.isoformat().replace("+00:00", "Z"),
            "status": self.status,
            "finish_reason": None if self.status == "cancelled" else self.finish_reason,
            "model": call.model if call else None,
            "deployment": self.deployment,
            "chain": self.chain or None,
            "dialect": self.dialect,
            "usage": {
                "prompt_tokens": usage.input_tokens,
                "completion_tokens": usage.output_tokens,
                "total_tokens": usage.total_tokens,
                "cached_tokens": usage.cached_tokens,
                "reasoning_tokens": usage.reasoning_tokens,
                "estimated": usage.estimated,
            },
            **self._latency(),
            "error": {"code": self.error.code} if self.error else None,
            "request_id": self.request_id,
            "invocation_id": self.invocation_id or None,
            "traceparent": self.traceparent or None,
            "principal": self.principal,
        }
