"""The patch of langgraph is still needed."""

import inspect

from langgraph._internal import _future


def test_langgraph_still_starts_tasks_past_the_loops_factory() -> None:
    """If this fails, langgraph has learnt: take the patch of its nodes' start out."""
    assert "asyncio.eager_task_factory(" in inspect.getsource(_future)
