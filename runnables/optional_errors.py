"""Exceptions of packages that need not be installed."""

from collections.abc import Callable, Mapping
from functools import partial

from runnables.connecting import is_any
from streaming.errors import ChatError, ContentFiltered, InternalError
from streaming.upstream_errors import SignInFailed, UnreadableAnswer

TOO_MANY_STEPS = "The graph did not end within the steps of its recursion_limit."
TOO_MANY_CALLS = "The agent did not end within the limit of its calls of {what}."
PERSONAL_DATA = "The chain lets no personal data pass, and has found some."

_MIDDLEWARE = "langchain.agents.middleware"

_KINDS: Mapping[tuple[str, str], Callable[[], ChatError]] = {
    ("azure.core.exceptions", "ClientAuthenticationError"): SignInFailed,
    ("langgraph.errors", "GraphRecursionError"): partial(InternalError, TOO_MANY_STEPS),
    (f"{_MIDDLEWARE}.model_call_limit", "ModelCallLimitExceededError"): partial(
        InternalError, TOO_MANY_CALLS.format(what="a model")
    ),
    (f"{_MIDDLEWARE}.tool_call_limit", "ToolCallLimitExceededError"): partial(
        InternalError, TOO_MANY_CALLS.format(what="tools")
    ),
    (f"{_MIDDLEWARE}.pii", "PIIDetectionError"): partial(
        ContentFiltered, PERSONAL_DATA
    ),
    ("langchain.agents.structured_output", "StructuredOutputError"): UnreadableAnswer,
}
"""By module and class."""


def to_chat_error(exc: Exception) -> ChatError | None:
    """The error of *exc*; `None` if it is of no such class."""
    for (module, name), kind in _KINDS.items():
        if is_any(exc, module, name):
            return kind()
    return None
