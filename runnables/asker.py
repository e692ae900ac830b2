"""Who asks, and of which conversation: what a chain gets beside its input."""

from collections.abc import Mapping

from langchain_core.runnables import RunnableConfig

from runnables.marks import INNER
from runs import Run

_LANGCHAINS = (INNER, "checkpoint_", "langgraph_", "lc_", "ls_")
"""How the names begin that LangChain gives a meaning in metadata."""


NAMES = ("thread_id", "principal", "end_user", "request_id")
"""What is known about the caller; the `inputs` of a request cannot change it."""


def config(run: Run, given: Mapping[str, object]) -> RunnableConfig:
    """The config of *run*, which has *given* beside the asker.

    Its `thread_id` is unlike that of any other caller; without a thread it is the
    run's alone.
    """
    asker = {
        "thread_id": run.thread.key if run.thread else run.id,
        "principal": run.principal,
        "end_user": run.end_user,
        "request_id": run.request_id,
    }
    known = {"thread_id": run.thread_id} if run.thread_id else {}
    return RunnableConfig(
        configurable={**asker, **given}, metadata={**_harmless(run.metadata), **known}
    )


def _harmless(metadata: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in metadata.items()
        if not name.startswith(_LANGCHAINS)
    }
