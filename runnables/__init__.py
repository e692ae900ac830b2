"""LangChain: what authors of chains import, and where runnables are run.

LangChain itself is imported with the first of these names that is used: importing it
takes a second, which a start should not.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runnables.generator import Chain, ChainInput, Chunk, from_generator
    from runnables.model import (
        caller_tools,
        chat_model,
        sampling,
        stream_model,
        with_system_prompt,
    )

__all__ = [
    "Chain",
    "ChainInput",
    "Chunk",
    "caller_tools",
    "chat_model",
    "from_generator",
    "sampling",
    "stream_model",
    "with_system_prompt",
]

_GENERATOR = ("Chain", "ChainInput", "Chunk", "from_generator")


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "generator" if name in _GENERATOR else "model"
    return getattr(import_module(f"{__name__}.{home}"), name)
