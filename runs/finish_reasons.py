"""Why an answer ends: in the words of providers, and as a record has it."""

from collections.abc import Mapping
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
    "refusal": "content_filter",
    "safety": "content_filter",
}
"""The words for success, in lower case; all others are failures."""
