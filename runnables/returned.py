"""Functions that return a runnable, with which the chain goes on."""

from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from inspect import iscoroutinefunction
from typing import cast

from langchain_core.runnables import RunnableLambda
from pydantic import ValidationError

from runnables import kinds
from runnables.conversation import Given
from runnables.generator import Chain

type _Coroutine = Callable[..., Awaitable[object]]
type Prepare = Callable[[object, object], object]
"""Prepares what a function has returned for what it was given."""


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
        try:
            found = function(*args, **kwargs)
        except ValidationError as exc:
            found = _again(function, exc, args, kwargs)
        return _prepared(found, args, prepare)

    return called


def _awaited[**P](
    function: Callable[P, Awaitable[object]], prepare: Prepare
) -> Callable[P, Awaitable[object]]:
    @wraps(function)
    async def awaited(*args: P.args, **kwargs: P.kwargs) -> object:
        try:
            found = await function(*args, **kwargs)
        except ValidationError as exc:
            found = await _again(function, exc, args, kwargs)
        return _prepared(found, args, prepare)

    return awaited


def _again[T](
    function: Callable[..., T],
    exc: ValidationError,
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
) -> T:
    """Call *function* with the question, if it takes its input for a text: a message
    cannot be made of anything else."""
    refused = [error["input"] for error in exc.errors()]
    if args and isinstance(args[0], Given) and any(args[0] is each for each in refused):
        return function(str(args[0]), *args[1:], **kwargs)
    raise exc


def _prepared(found: object, args: tuple[object, ...], prepare: Prepare) -> object:
    # LangChain gives a function its input first.
    if not args:
        return found
    return prepare(_with_text(found) if isinstance(args[0], Given) else found, args[0])


def _with_text(found: object) -> object:
    """*found* with the question where a message has the input for its text."""
    match found:
        case str() as role, Given() as given:
            return role, str(given)
        case list():
            return [_with_text(each) for each in found]
        case {"messages": list() as messages, **rest}:
            return {**rest, "messages": _with_text(messages)}
        case {"content": Given() as given, **rest}:
            return {**rest, "content": str(given)}
        case _:
            return found
