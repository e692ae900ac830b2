"""LangGraph's graphs, told apart without importing it; a remote one's state."""

import sys
from contextlib import suppress
from typing import Protocol, cast

from langchain_core.runnables import RunnableConfig

from runnables.generator import Chain


class RemoteThreads(Protocol):
    """Those of LangGraph's client."""

    async def delete(self, thread_id: str) -> None: ...


class RemoteClient(Protocol):
    @property
    def threads(self) -> RemoteThreads: ...


class Stateful(Protocol):
    """A graph, as far as its state is read."""

    async def aget_state(
        self, config: RunnableConfig, *, subgraphs: bool = False
    ) -> object: ...


def is_graph(chain: object) -> bool:
    """Whether *chain* is a graph, local or remote."""
    return _is_any(chain, "langgraph.pregel.protocol", "PregelProtocol")


def is_local(chain: object) -> bool:
    return _is_any(chain, "langgraph.pregel", "Pregel")


def is_remote(chain: object) -> bool:
    return is_graph(chain) and not is_local(chain)


def _is_any(chain: object, module: str, name: str) -> bool:
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(chain, kind)


async def remote_state(graph: Chain, config: RunnableConfig) -> object:
    """LangGraph's `StateSnapshot`; `None` if the server has no such thread."""
    from langgraph_sdk.errors import NotFoundError

    try:
        return await cast(Stateful, graph).aget_state(config)
    except NotFoundError:
        return None


async def forget_remote(graph: Chain, thread: str) -> None:
    """Delete *thread* on the graph's server."""
    from langgraph_sdk.errors import NotFoundError

    client = cast(RemoteClient | None, getattr(graph, "client", None))
    if client is not None:
        with suppress(NotFoundError):
            await client.threads.delete(thread)
