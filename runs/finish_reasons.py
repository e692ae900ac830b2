"""Why an answer ends: in the words of providers, and as a record has it."""

from collections.abc import Mapping, Sequence
from typing import Literal

from streaming.errors import (
    BudgetUsedUp,
    Cancelled,
    ChatError,
    DeadlineExceeded,
    ShuttingDown,
)
from streaming.events import FinishReason

Status = Literal[
    "ok",
    "error",
    "cancelled",
    "content_filter",
    "deadline",
    "interrupt",
    "budget",
    "shutdown",
]

STOPPED: Mapping[type[ChatError], Status] = {
    BudgetUsedUp: "budget",
    Cancelled: "cancelled",
    DeadlineExceeded: "deadline",
    ShuttingDown: "shutdown",
}
"""What a run is that this server has stopped."""

FINISH_REASONS: Mapping[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "content_filter": "content_filter",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    # As other providers' integrations have them.
    "end_turn": "stop",
    "stop_sequence": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "complete": "stop",
    "completed": "stop",
    "max_tokens": "length",
    "incomplete": "length",
    "tool_use": "tool_calls",
    "tool_call": "tool_calls",
    "model_length": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content_filter",
    "safety": "content_filter",
    "recitation": "content_filter",
    "blocklist": "content_filter",
    "prohibited_content": "content_filter",
    "spii": "content_filter",
    "sensitive": "content_filter",
    "content_filtered": "content_filter",
    "guardrail_intervened": "content_filter",
}
"""The words for success, in lower case; all others are failures."""


def in_our_words(reason: str) -> FinishReason | None:
    """The finish reason that a provider's *reason* is, if it is any success.

    Google says after a colon what its filter has found.
    """
    return FINISH_REASONS.get(reason.lower().partition(":")[0].strip())


def of_calls(reasons: Sequence[FinishReason | None], *, waiting: bool) -> FinishReason:
    """The last of the model calls' *reasons*, unless any is `content_filter`.

    Whether an answer ends with calls that are *waiting* for a result, models say in
    different ways, or not at all.
    """
    if "content_filter" in reasons:
        return "content_filter"
    last: FinishReason = next(filter(None, reversed(reasons)), "stop")
    if last in ("stop", "tool_calls"):
        return "tool_calls" if waiting else "stop"
    return last
