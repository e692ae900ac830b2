"""LangGraph's graphs, wherever they stand in a chain."""

import sys

from runnables.generator import Chain


def is_graph(chain: Chain) -> bool:
    """Whether *chain* is a graph, local or remote."""
    return _is_any(chain, "langgraph.pregel.protocol", "PregelProtocol")


def _is_any(chain: Chain, module: str, name: str) -> bool:
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(chain, kind)
