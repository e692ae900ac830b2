"""The one event that ends a run of AG-UI, and what it says of the run."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from streaming import sse
from streaming.dialects._answer import Fields
from streaming.errors import ChatError, DeadlineExceeded, InternalError
from streaming.events import Done, Interrupt, Usage


@dataclass(slots=True)
class Ending:
    """What is noted before the end. `ids` are the run's and its thread's; `unanswered`
    the names of the tools whose results are missing, by the ids of the calls."""

    ids: Mapping[str, str]
    unanswered: dict[str, str] = field(default_factory=dict)
    interrupts: list[Interrupt] = field(default_factory=list)
    result: Fields = field(default_factory=dict)
    error: ChatError | None = None

    def of(self, done: Done) -> Fields:
        match done.finish_reason:
            case "error":
                return self._failed(self.error or InternalError(), done)
            case "deadline":
                return self._failed(DeadlineExceeded(), done)
            case "cancelled":
                outcome: Fields = {"type": "cancelled"}
            case "interrupt":
                interrupts = [self._interrupt(each) for each in self.interrupts]
                outcome = {"type": "interrupt", "interrupts": interrupts}
            case _:
                pending = [*self.unanswered]
                outcome = {"type": "success"}
                outcome |= {"pendingToolCallIds": pending} if pending else {}
        result = self.result if outcome["type"] == "success" else {}
        return {
            "type": "RUN_FINISHED",
            **self.ids,
            **result,
            "outcome": outcome,
            **_said(done),
        }

    def _failed(self, error: ChatError, done: Done) -> Fields:
        return {
            "type": "RUN_ERROR",
            "message": error.message,
            "code": error.code,
            **_said(done),
        }

    def _interrupt(self, interrupt: Interrupt) -> Fields:
        asked: Fields = {
            "id": interrupt.id,
            "reason": "input_required",
            "message": sse.text_of(interrupt.value),
            "metadata": {"value": interrupt.value},
        }
        match interrupt.value:
            case {"action_requests": [{"name": str(name)}]}:
                calls = self.unanswered
                concerned = [id for id, called in calls.items() if called == name]
                if concerned:
                    return {**asked, "reason": "tool_call", "toolCallId": concerned[-1]}
        return asked


def _said(done: Done) -> Fields:
    """The tokens, and what the protocol has no field for."""
    usage = done.usage
    metadata: Fields = {
        "finishReason": done.finish_reason,
        "deployment": done.deployment,
        "runId": done.run_id,
        "latencyMs": done.latency_ms,
        "timeToFirstChunkMs": done.time_to_first_chunk_ms,
        "streamingDurationMs": done.streaming_duration_ms,
    }
    if not done.kept:
        metadata["kept"] = False
    if usage.estimated:
        metadata["usageEstimated"] = True
    if done.cost:
        metadata["cost"] = done.cost.as_dict()
    tokens = {"usage": [_tokens(usage)]} if usage.input_tokens else {}
    return {**tokens, "metadata": metadata}


def _tokens(usage: Usage) -> Fields:
    """A part that is 0 may be one that the provider does not report."""
    parts = {
        "reasoningTokens": usage.reasoning_tokens,
        "cachedInputTokens": usage.cached_tokens,
    }
    return {
        "inputTokens": usage.input_tokens,
        "outputTokens": usage.output_tokens,
        "totalTokens": usage.input_tokens + usage.output_tokens,
        **{name: count for name, count in parts.items() if count},
    }
