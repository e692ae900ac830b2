"""A run: what ran, how long it took, how many tokens it used, how it ended.

Fields are named as in OpenTelemetry's GenAI conventions where those have a name.
See: https://github.com/open-telemetry/semantic-conventions-genai
"""

import logging
from array import array
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import ceil
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

PARAMETERS = (
    "temperature",
    "top_p",
    "max_tokens",
    "max_completion_tokens",
    "seed",
    "n",
    "frequency_penalty",
    "presence_penalty",
)
"""Of what a model was asked with, the numbers that are recorded; OpenAI's names."""

Status = Literal["ok", "error", "cancelled", "content_filter", "deadline"]
Operation = Literal["chat", "embeddings", "text_completion"]


def parameters(asked: Mapping[str, object]) -> dict[str, float]:
    """Those of `PARAMETERS` that a model was *asked* with."""
    given = {name: asked.get(name) for name in PARAMETERS}
    return {
        name: value
        for name, value in given.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


@dataclass(slots=True)
class ModelCall:
    """One call of a model; `usage` is `None` until the provider has sent it.

    `estimate` counts the tokens where the provider never did; `parameters` are what the
    model was asked with, as OpenAI names them. `operation` is OpenTelemetry's word,
    `provider` LangChain's. Times are `time.monotonic()`.
    """

    deployment: str
    model: str = ""
    operation: Operation = "chat"
    provider: str = ""
    backend: str = ""
    region: str = ""
    parameters: Mapping[str, float] = field(default_factory=dict)
    started: float = field(default_factory=monotonic)
    first_chunk: float | None = None
    last_chunk: float | None = None
    chunks: int = 0
    ended_at: float | None = None
    error: str = ""
    usage: Usage | None = None
    finish_reason: FinishReason | None = None
    ended: bool = False
    output_bytes: int = 0
    estimate: Callable[[], Usage] = Usage

    @property
    def cut(self) -> bool:
        """Whether the call ended without saying why."""
        return self.ended and self.finish_reason is None

    def note_chunks(self, at: float, count: int = 1) -> None:
        """*count* chunks of the answer have arrived at the time *at*."""
        if self.first_chunk is None:
            self.first_chunk = at
        self.last_chunk = at
        self.chunks += count

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

    Times are `time.monotonic()`; `content` is what the caller was shown, unless it is
    `unread`; `prompt` gives what was asked in `prompt_bytes`, as JSON has it.
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
    prompt: Callable[[], object] | None = None
    prompt_bytes: int = 0
    unread: bool = False
    status: Status | None = None
    error: ChatError | None = None
    _latest: ModelCall | None = None
    _first_visible: float | None = None
    _last_visible: float = 0.0
    _gaps: "array[float]" = field(default_factory=lambda: array("f"))
    _ended: float | None = None

    @property
    def deployment(self) -> str:
        """The deployment that answers; the chain's name until one does."""
        return self._latest.deployment if self._latest else self.chain

    @property
    def headers(self) -> Mapping[str, str]:
        """Who answers, where that is a backend, as the response's headers say it."""
        call = self._latest
        if call is None or not call.backend:
            return {}
        named = {"x-deployment": call.deployment, "x-backend": call.backend}
        return {**named, "x-ms-region": call.region} if call.region else named

    def begin_call(self, key: Hashable, call: ModelCall) -> None:
        """A model call has begun."""
        self.calls[key] = self._latest = call
        self.active_at = monotonic()

    def see(self, event: Event) -> None:
        """*event* goes out to the caller."""
        if isinstance(event, VISIBLE):
            self.note_visible(monotonic())
        if isinstance(event, TextDelta):
            self.content.append(event.text)

    def note_visible(self, at: float, tokens: int = 1) -> None:
        """The caller is shown *tokens* at once: as a rule one."""
        if self._first_visible is None:
            self._first_visible = at
        else:
            self._gaps.append(at - self._last_visible)
        self._last_visible = at
        if tokens > 1:
            self._gaps.extend([0.0] * (tokens - 1))

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
            **self.latency,
        )

    @property
    def last_call(self) -> ModelCall | None:
        """The model call that began last."""
        return self._latest

    @property
    def latency(self) -> dict[str, Any]:
        """In whole milliseconds, as the wire has it; until now where it has not ended.

        `latency_ms` is the sum of the other two.
        """
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

    @property
    def inter_token_ms(self) -> dict[str, float] | None:
        """Between one visible token and the next; `None` where there were not two."""
        if not self._gaps:
            return None
        gaps = sorted(self._gaps)
        each = {
            "mean": sum(gaps) / len(gaps),
            "p95": gaps[max(0, ceil(len(gaps) * 0.95) - 1)],
            "max": gaps[-1],
        }
        return {name: round(seconds * 1000, 3) for name, seconds in each.items()}
