"""The patch of langgraph, which every run of a chain asks for."""

import asyncio
from collections.abc import Callable


def start_nodes_with(factory: Callable[..., asyncio.Future[object]]) -> None:
    """Have langgraph start the nodes of a step with *factory*.

    langgraph 1.2.24, _internal/_future.py: `asyncio.eager_task_factory` starts them,
    past the event loop's own task factory. So asyncio's is replaced, for everybody.
    See: https://github.com/langchain-ai/langgraph/pull/4055
    """
    vars(asyncio)["eager_task_factory"] = factory
