"""How a runnable is put together, and the same one with other parts."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from inspect import getclosurevars, isfunction
from typing import Literal

from langchain_core.output_parsers import (
    BaseCumulativeTransformOutputParser,
    BaseTransformOutputParser,
)
from langchain_core.runnables import (
    RouterRunnable,
    Runnable,
    RunnableBranch,
    RunnableLambda,
    RunnableParallel,
    RunnablePick,
    RunnableSequence,
    RunnableWithFallbacks,
)
from langchain_core.runnables.base import RunnableBindingBase, RunnableEachBase
from langchain_core.runnables.configurable import (
    DynamicRunnable,
    RunnableConfigurableAlternatives,
)
from langchain_core.runnables.history import RunnableWithMessageHistory
from langchain_core.runnables.passthrough import RunnableAssign
from pydantic import BaseModel

from runnables.generator import Chain

type Place = Literal["last", "parsed", "inside"]
"""Whether a part's output is the chain's, goes to an output parser, or to another
step."""

ANSWER = "answer"
"""What LangChain's retrieval chains call it."""

type Replace = Callable[[Chain, Place], Chain | None]


def unbound(runnable: Chain) -> Chain:
    """What `bind`, `with_retry`, `with_config` and the like were called on."""
    while True:
        match runnable:
            case RunnableWithMessageHistory():
                return runnable  # What it is bound to only calls what it has.
            case RunnableBindingBase(bound=inner) | DynamicRunnable(default=inner):
                runnable = inner
            case _:
                return runnable


def parts(runnable: Chain) -> Iterator[Chain]:
    """*runnable* and everything inside it, as far as LangChain shows it."""
    yield runnable
    for child in _children(runnable):
        yield from parts(child)


def _children(runnable: Chain) -> list[Chain]:
    match runnable:
        case RunnableSequence(steps=steps):
            return steps
        case RunnableParallel(steps__=branches):
            return list(branches.values())
        case RouterRunnable(runnables=routes):
            return list(routes.values())
        case RunnableAssign(mapper=mapper):
            return [mapper]
        case RunnableBranch(branches=branches, default=default):
            return [part for pair in branches for part in pair] + [default]
        case RunnableWithFallbacks(runnable=first, fallbacks=others):
            return [first, *others]
        case RunnableBindingBase(bound=bound) | RunnableEachBase(bound=bound):
            return [bound]
        case RunnableConfigurableAlternatives(default=default, alternatives=others):
            return [default, *(a for a in others.values() if isinstance(a, Runnable))]
        case DynamicRunnable(default=default):
            return [default]
        case _:
            return []


def repeated(runnable: Chain) -> frozenset[str | None]:
    """The keys of a dictionary that *runnable* yields whose pieces repeat those before,
    as `repeats` has it; `None` if it does so itself."""
    match unbound(runnable):
        case RunnableSequence(steps=[*before, last]) if _assigns(last):
            return frozenset().union(*map(repeated, [*before, last]))
        case RunnableSequence(steps=[*_, RunnableParallel() as last]):
            return repeated(last)
        case RunnableAssign(mapper=mapper):
            return repeated(mapper)
        case RunnableParallel(steps__=branches):
            return frozenset(key for key, part in branches.items() if repeats(part))
        case _:
            return frozenset([None] if repeats(runnable) else [])


def repeats(runnable: Chain) -> bool:
    """Whether *runnable* ends with a parser that yields all it has read, each time, or
    with a field of that."""
    match unbound(runnable):
        case RunnableSequence(steps=[*_, before, RunnablePick()]):
            return repeats(before)
        case RunnableSequence(steps=[*_, last]):
            return repeats(last)
        case BaseCumulativeTransformOutputParser(diff=False):
            return True
        case _:
            return False


def answer_key(runnable: Chain) -> str:
    """Under which key the dictionary that *runnable* yields has the answer: the only
    one that is new, if it is known which are."""
    match unbound(runnable):
        case RunnableSequence(steps=[*_, last]) if not _assigns(last):
            return answer_key(last)
        case RunnableAssign(mapper=mapper):
            return answer_key(mapper)
        case RunnableParallel(steps__=branches) if len(branches) == 1:
            return next(iter(branches))
        case _:
            return ANSWER


def _assigns(runnable: Chain) -> bool:
    """Whether what a step before has is in the output too."""
    return isinstance(unbound(runnable), RunnableAssign)


def called(runnable: Chain) -> Iterator[Chain]:
    """What the functions in *runnable* may call: the runnables that they name, or that
    the object has whose methods they are."""
    for part in parts(runnable):
        if not isinstance(part, RunnableLambda):
            continue
        function = getattr(part, "func", None) or getattr(part, "afunc", None)
        named = dict(getattr(getattr(function, "__self__", None), "__dict__", {}))
        function = getattr(function, "__func__", function)
        if isfunction(function):
            with suppress(ValueError):  # A variable of the function around it is unset.
                found = getclosurevars(function)
                named |= {**found.globals, **found.nonlocals}
        for each in named.values():
            if isinstance(each, Runnable):
                yield each


def replaced(runnable: Chain, replace: Replace, place: Place = "last") -> Chain:
    """*runnable* with the parts that *replace* returns; itself if there are none."""
    found = replace(runnable, place)
    if found is not None:
        return found

    def within(part: Chain, where: Place = place) -> Chain:
        return replaced(part, replace, where)

    match runnable:
        case RunnableSequence(steps=steps):
            places = [*map(_before, steps[1:]), place]
            new = list(map(within, steps, places))
            if _same(new, steps):
                return runnable
            return RunnableSequence(*new, name=runnable.name)
        case RunnableParallel(steps__=branches):
            return _copy(runnable, {"steps__": _each(branches, within)})
        case RouterRunnable(runnables=routes):
            return _copy(runnable, {"runnables": _each(routes, within)})
        case RunnableAssign(mapper=mapper):
            return _copy(runnable, {"mapper": within(mapper)})
        case RunnableBranch(branches=pairs, default=default):
            chosen = [(within(c, "inside"), within(part)) for c, part in pairs]
            return _copy(runnable, {"branches": chosen, "default": within(default)})
        case RunnableWithFallbacks(runnable=first, fallbacks=others):
            rest = list(map(within, others))
            return _copy(runnable, {"runnable": within(first), "fallbacks": rest})
        case RunnableConfigurableAlternatives(default=default, alternatives=given):
            changed = {"default": within(default), "alternatives": _each(given, within)}
            return _copy(runnable, changed)
        case RunnableBindingBase(bound=bound) | RunnableEachBase(bound=bound):
            where = "inside" if isinstance(runnable, RunnableEachBase) else place
            return _copy(runnable, {"bound": within(bound, where)})
        case _:
            return runnable


def _each(
    named: Mapping[str, object], within: Callable[[Chain], Chain]
) -> dict[str, object]:
    return {
        key: within(part) if isinstance(part, Runnable) else part
        for key, part in named.items()
    }


def _before(following: Chain) -> Place:
    is_parser = isinstance(unbound(following), BaseTransformOutputParser)
    return "parsed" if is_parser else "inside"


def _copy(runnable: Chain, fields: dict[str, object]) -> Chain:
    """A copy with these *fields*, if any of them is another."""
    if all(_is(getattr(runnable, name), value) for name, value in fields.items()):
        return runnable
    # Each of LangChain's own with parts is a model of pydantic.
    return (
        runnable.model_copy(update=fields)
        if isinstance(runnable, BaseModel)
        else runnable
    )


def _is(old: object, new: object) -> bool:
    match old, new:
        case dict(), dict():
            return _same(list(old.values()), list(new.values()))
        case (list(), list()) | (tuple(), tuple()):
            return _same(old, new)
        case _:
            return old is new


def _same(old: object, new: object) -> bool:
    return (
        isinstance(old, list | tuple)
        and isinstance(new, list | tuple)
        and len(old) == len(new)
        and all(map(_is, old, new))
    )
