"""The shapes that a runnable's input can have, and which one fits several runnables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

from langchain_core.messages import BaseMessage

from runnables.kinds import TEXT_NAMES, Variable

HISTORY_NAMES = ("chat_history", "history")
"""Variables for the messages before the newest of the user."""

_ONE = ("text", "any", "message")
"""Kinds of variables that can hold the newest message of the user."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """All messages. If that is *guessed*, they read as the question."""

    guessed: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """The newest message of the user: its text, or *whole*."""

    whole: bool = False
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class Anything:
    """What has no type: it gets a dictionary of the messages and the `inputs`."""


@dataclass(frozen=True, slots=True)
class Variables:
    """Named variables; *build* is the class that the runnable asks for.

    What has *partial* wants at least one of them; a *graph* builds its state itself.
    *questions* are those for the newest message of the user, if that is known.
    """

    by_name: Mapping[str, Variable] = field(default_factory=dict)
    build: type | None = None
    partial: bool = False
    graph: bool = False
    questions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListOfOne:
    """A list, of which a request is one item."""

    item: "Takes"


@dataclass(frozen=True, slots=True)
class Unknown:
    """What no request has: a value of this type."""

    annotation: object


Takes = Conversation | Question | Anything | Variables | ListOfOne | Unknown


def is_guessed(takes: Takes) -> bool:
    """Whether a runnable does not say what it takes."""
    match takes:
        case Conversation(guessed=guessed) | Question(guessed=guessed):
            return guessed
        case _:
            return isinstance(takes, Anything)


def questions(found: Variables, free: Mapping[str, Variable]) -> tuple[str, ...]:
    """The names of the *free* variables that take the newest message of the user."""
    if found.questions:
        return tuple(name for name in found.questions if name in free)
    for name in TEXT_NAMES:
        if name in free and free[name].kind in _ONE:
            return (name,)
    texts = [
        name
        for name, variable in found.by_name.items()
        if variable.kind in _ONE
        and name not in ("messages", *HISTORY_NAMES)
        # What is given or has a default is not in doubt.
        and (found.partial or (name in free and variable.required))
    ]
    alone = len(texts) == 1 and texts[0] in free and "messages" not in found.by_name
    return (texts[0],) if alone else ()


def both(one: Takes, other: Takes) -> Takes:
    """What two runnables take that get the same."""
    match one, other:
        case (Anything(), _) | (Conversation(), Question()):
            return other  # A model takes a text too.
        case Variables(named), Variables(more):
            return Variables(_merged(named, more))
        case (Variables(named), Question()) if len(named) == 1:
            return other  # So does a prompt with one variable.
        case (Conversation(), Variables() as found) | (
            Variables() as found,
            Conversation(),
        ):
            return _with_messages(found)
        case _:
            return one


def _merged(
    named: Mapping[str, Variable], more: Mapping[str, Variable]
) -> dict[str, Variable]:
    merged = {**named, **more}
    for name in named.keys() & more.keys():
        each = (named[name], more[name])
        typed = [variable for variable in each if variable.kind != "any"]
        needed = any(variable.required for variable in each)
        merged[name] = Variable((typed or each)[0].annotation, needed)
    return merged


def _with_messages(found: Variables) -> Variables:
    """*found*, and the messages: a model takes those of a dictionary."""
    if "messages" in found.by_name or found.build:
        return found
    named = {**found.by_name, "messages": Variable(list[BaseMessage], True)}
    return Variables(named, questions=questions(found, found.by_name))


def either(options: Sequence[Takes]) -> Takes:
    """What a runnable takes, or else another one: each has a question of its own."""
    first, *others = options
    if all(other == first for other in others):
        return first
    found = reduce(both, [first, *map(_optional, others)])
    if not isinstance(found, Variables):
        return found
    named = [each for each in options if isinstance(each, Variables)]
    asked = [name for each in named for name in questions(each, each.by_name)]
    return replace(found, questions=tuple(dict.fromkeys(asked)))


def _optional(found: Takes) -> Takes:
    """What only another runnable asks for keeps the first one from nothing."""
    if not isinstance(found, Variables):
        return found
    named = {n: Variable(v.annotation, False) for n, v in found.by_name.items()}
    return replace(found, by_name=named)
