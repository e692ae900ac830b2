"""Functions that return a runnable, with which the chain goes on."""

from collections.abc import Awaitable, Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import cast

from langchain_core.runnables import Runnable, RunnableLambda

from runnables import kinds
from runnables.generator import Chain

type _Coroutine = Callable[..., Awaitable[object]]
type Prepare = Callable[[Chain, object], Chain]
"""Prepares a runnable for what its function was given."""


def preparing(part: Chain, prepare: Prepare) -> Chain | None:
    """The function *part*, and what it returns prepared; `None` for anything else."""
    name = getattr(part, "name", None)
    match part:
        case RunnableLambda(afunc=function):
            if iscoroutinefunction(kinds.unwrapped(function)):
                coroutine = cast(_Coroutine, function)  # Not a generator's.
                return RunnableLambda(_awaited(coroutine, prepare), name=name)
        case RunnableLambda(func=function):
            return RunnableLambda(_called(function, prepare), name=name)
    return None


def _called[**P](
    function: Callable[P, object], prepare: Prepare
) -> Callable[P, object]:
    @wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> object:
        return _prepared(function(*args, **kwargs), args, prepare)

    return called


def _awaited[**P](
    function: Callable[P, Awaitable[object]], prepare: Prepare
) -> Callable[P, Awaitable[object]]:
    @wraps(function)
    async def awaited(*args: P.args, **kwargs: P.kwargs) -> object:
        return _prepared(await function(*args, **kwargs), args, prepare)

    return awaited


def _prepared(found: object, args: tuple[object, ...], prepare: Prepare) -> object:
    # LangChain gives a function its input first.
    return prepare(found, args[0]) if isinstance(found, Runnable) and args else found
