"""Who gets LangChain's callbacks for what a run calls."""

from collections.abc import Iterable

from langchain_core.callbacks import (
    AsyncCallbackManager,
    BaseCallbackHandler,
    Callbacks,
)
from langchain_core.runnables import RunnableConfig

from runnables.answer_limit import AnswerLimit
from runnables.callback import RunCallback
from runnables.marks import Marks

_OURS = frozenset({RunCallback, AnswerLimit, Marks})


def listening(
    config: RunnableConfig, more: Callbacks = None, *, verbose: bool = False
) -> list[BaseCallbackHandler]:
    """The handlers in *config*, those that inherit into it, a tracer, and *more*."""
    callbacks = config.get("callbacks")
    return AsyncCallbackManager.configure(callbacks, more, verbose).handlers


def only_ours(handlers: Iterable[BaseCallbackHandler]) -> bool:
    """Whether nothing but this server listens, so that it may call its own handlers."""
    return all(type(handler) in _OURS for handler in handlers)
