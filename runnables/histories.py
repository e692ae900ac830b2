"""`RunnableWithMessageHistory`: its history is the conversation of the request.

The store that it was built with is neither read nor written.
"""

from collections.abc import Iterator, Sequence

from langchain_core.chat_history import InMemoryChatMessageHistory
from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableLambda, RunnablePassthrough
from langchain_core.runnables.history import RunnableWithMessageHistory
from langchain_core.runnables.utils import ConfigurableFieldSpec

from runnables.generator import Chain
from runnables.structure import Place, parts, replaced

EARLIER = "earlier_messages"
"""The field of a run's config with the messages before the user's newest."""


class _OfRequest(InMemoryChatMessageHistory):
    """What is added to it is kept elsewhere: with the thread, if there is one."""

    def add_messages(self, messages: Sequence[BaseMessage]) -> None:
        pass


def _history(earlier: list[BaseMessage]) -> _OfRequest:
    return _OfRequest(messages=earlier)


def fed(part: Chain) -> Chain | None:
    """*part*, if it has a history, with that of the request in its place.

    The runnable that has the history is a step of it then, and no longer hidden in a
    function that returns it.
    """
    if not isinstance(part, RunnableWithMessageHistory):
        return None
    field = ConfigurableFieldSpec(id=EARLIER, annotation=list)
    changed = {"get_session_history": _history, "history_factory_config": [field]}
    return part.model_copy(update={**changed, "bound": replaced(part.bound, _shown)})


def _shown(part: Chain, place: Place) -> Chain | None:
    return next(_called(part), None) if isinstance(part, RunnableLambda) else None


def has_history(chain: Chain) -> bool:
    return any(isinstance(part, RunnableWithMessageHistory) for part in parts(chain))


def inside(part: RunnableWithMessageHistory) -> Chain:
    """The runnable that has the history, as far as LangChain shows it."""
    return next(_called(part.bound), RunnablePassthrough())


def _called(bound: Chain) -> Iterator[Chain]:
    for part in parts(bound):
        if isinstance(part, RunnableLambda):
            yield from part.deps
