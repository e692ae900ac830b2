"""The one event that ends a run of AG-UI, and what it says of the run."""

from collections.abc import Mapping

from streaming import sse
from streaming.dialects.ag_ui.messages import RunEvent, RunMessages
from streaming.errors import ChatError, DeadlineExceeded, InternalError
from streaming.events import Done, Error, Interrupt, Output, Usage


class Ending:
    """Made of what is noted before the end; *ids* are the run's and its thread's."""

    def __init__(self, ids: Mapping[str, str], messages: RunMessages) -> None:
        self._ids, self._messages = ids, messages
        self._interrupts: list[Interrupt] = []
        self._result: RunEvent = {}
        self._error: ChatError | None = None

    def note(self, event: Interrupt | Output | Usage | Error) -> None:
        match event:
            case Interrupt():
                self._interrupts.append(event)
            case Output(value):
                self._result = {"result": value}
            case Error(error=error):
                self._error = error
            case Usage():
                pass  # `Done` has it too.

    def of(self, done: Done) -> RunEvent:
        match done.finish_reason:
            case "error":
                return self._failed(self._error or InternalError(), done)
            case "deadline":
                return self._failed(DeadlineExceeded(), done)
            case "cancelled":
                outcome: RunEvent = {"type": "cancelled"}
            case "interrupt":
                interrupts = [self._interrupt(each) for each in self._interrupts]
                outcome = {"type": "interrupt", "interrupts": interrupts}
            case _:
                pending = [*self._messages.unanswered]
                outcome = {"type": "success"}
                outcome |= {"pendingToolCallIds": pending} if pending else {}
        result = self._result if outcome["type"] == "success" else {}
        return {
            "type": "RUN_FINISHED",
            **self._ids,
            **result,
            "outcome": outcome,
            **_said(done),
        }

    def _failed(self, error: ChatError, done: Done) -> RunEvent:
        return {
            "type": "RUN_ERROR",
            "message": error.message,
            "code": error.code,
            **_said(done),
        }

    def _interrupt(self, interrupt: Interrupt) -> RunEvent:
        asked: RunEvent = {
            "id": interrupt.id,
            "reason": "input_required",
            "message": sse.text_of(interrupt.value),
            "metadata": {"value": interrupt.value},
        }
        match interrupt.value:
            case {"action_requests": [{"name": str(name)}]}:
                calls = self._messages.unanswered
                concerned = [id for id, called in calls.items() if called == name]
                if concerned:
                    return {**asked, "reason": "tool_call", "toolCallId": concerned[-1]}
        return asked


def _said(done: Done) -> RunEvent:
    """The tokens, and what the protocol has no field for."""
    usage = done.usage
    metadata: RunEvent = {
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


def _tokens(usage: Usage) -> RunEvent:
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
