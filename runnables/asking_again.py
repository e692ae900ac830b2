"""Savers that keep no answer which a graph's task has not come to the end of."""

from collections.abc import Sequence
from copy import copy
from functools import wraps
from typing import TYPE_CHECKING

from langchain_core.runnables import RunnableConfig

if TYPE_CHECKING:
    from runnables.checkpointer import AnySaver

    type _Writes = Sequence[tuple[str, object]]

ERROR, RESUME = "__error__", "__resume__"
"""LangGraph's channels for why a task has failed, and for what it was answered."""


def asking_again(saver: "AnySaver") -> "AnySaver":
    """A copy of *saver*, by which a task that has failed, or was cancelled, is asked
    again.

    LangGraph would keep the answer, and give it to the task in place of the next one.
    That it does with a saver that cannot be copied, or has slots.
    """
    try:
        made = copy(saver)
        made.__class__ = _asking(type(saver))
    except TypeError:
        return saver
    return made


_kinds: "dict[type[AnySaver], type[AnySaver]]" = {}


def _asking(kind: "type[AnySaver]") -> "type[AnySaver]":
    if kind not in _kinds:
        _kinds[kind] = _subclass(kind)
    return _kinds[kind]


def _subclass(kind: "type[AnySaver]") -> "type[AnySaver]":
    # LangGraph looks at the signatures.
    @wraps(kind.put_writes)
    def put_writes(
        self: "AnySaver", config: RunnableConfig, writes: "_Writes", *task: str
    ) -> None:
        kind.put_writes(self, config, _kept(writes), *task)

    @wraps(kind.aput_writes)
    async def aput_writes(
        self: "AnySaver", config: RunnableConfig, writes: "_Writes", *task: str
    ) -> None:
        await kind.aput_writes(self, config, _kept(writes), *task)

    own = {"put_writes": put_writes, "aput_writes": aput_writes}
    return type(kind.__name__, (kind,), own)


def _kept(writes: "_Writes") -> "_Writes":
    """Those answers that the task had when it asked are stored with its question."""
    if any(channel == ERROR for channel, _ in writes):
        return [each for each in writes if each[0] != RESUME]
    return writes
