"""What LangChain's agents raise by themselves is told from other faults."""

import pytest
from langchain.agents.middleware.model_call_limit import ModelCallLimitExceededError
from langchain.agents.middleware.pii import PIIDetectionError
from langchain.agents.middleware.tool_call_limit import ToolCallLimitExceededError
from langchain.agents.structured_output import (
    MultipleStructuredOutputsError,
    StructuredOutputValidationError,
)
from langchain_core.messages import AIMessage
from langgraph.errors import GraphRecursionError

from runnables.errors import to_chat_error

SECRET = "the-text-of-the-exception"

OF_AGENTS: dict[str, tuple[Exception, int, str, str]] = {
    "steps": (GraphRecursionError(SECRET), 500, "internal_error", "recursion_limit"),
    "models": (
        *(ModelCallLimitExceededError(1, 1, None, 1), 500, "internal_error"),
        "its calls of a model",
    ),
    "tools": (
        *(ToolCallLimitExceededError(1, 1, None, 1), 500, "internal_error"),
        "its calls of tools",
    ),
    "data": (PIIDetectionError(SECRET, []), 400, "content_filter", "personal data"),
    "form": (
        *(StructuredOutputValidationError("", Exception(SECRET), AIMessage("")), 502),
        *("upstream_error", "cannot read the model's answer"),
    ),
    "forms": (
        *(MultipleStructuredOutputsError([SECRET], AIMessage("")), 502),
        *("upstream_error", "cannot read the model's answer"),
    ),
}


@pytest.mark.parametrize("name", OF_AGENTS)
def test_what_agents_raise_is_told_from_other_faults(name: str) -> None:
    raised, status, code, said = OF_AGENTS[name]
    error = to_chat_error(raised, "r")
    assert (error.status, error.code) == (status, code)
    assert said in error.message
    assert SECRET not in error.message
