"""A chain, prepared once for all its runs."""

from dataclasses import dataclass

from langchain_core.runnables.history import RunnableWithMessageHistory

from runnables.generator import Chain
from runnables.input import Input
from runnables.structure import parts
from streaming.errors import NotConfigured


@dataclass(frozen=True, slots=True)
class Prepared:
    """A chain and what it takes."""

    chain: Chain
    input: Input


def prepare(chain: Chain) -> Prepared:
    """Raises `NotConfigured` for a chain that cannot run here, and says why."""
    if any(isinstance(part, RunnableWithMessageHistory) for part in parts(chain)):
        raise NotConfigured(
            "The chain keeps a history of its own (RunnableWithMessageHistory), and "
            "each request brings its conversation: use the runnable inside it, which "
            "gets the earlier messages as chat_history or history."
        )
    return Prepared(chain, Input(chain))
