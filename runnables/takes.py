"""What a runnable takes as its input, read from its own schema and its parts."""

import dis
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from types import CodeType
from typing import get_args

from langchain_core.language_models import BaseLanguageModel
from langchain_core.messages import BaseMessage
from langchain_core.output_parsers import BaseOutputParser
from langchain_core.runnables import (
    RunnableBranch,
    RunnableGenerator,
    RunnableLambda,
    RunnableParallel,
    RunnablePassthrough,
    RunnablePick,
    RunnableSequence,
    RunnableWithFallbacks,
)
from langchain_core.runnables.base import RunnableEachBase
from langchain_core.runnables.history import RunnableWithMessageHistory
from langchain_core.runnables.passthrough import RunnableAssign
from langchain_core.tools import Tool
from pydantic import BaseModel

from runnables import graphs, histories, kinds
from runnables.generator import Chain
from runnables.kinds import TEXT_NAMES, Variable
from runnables.structure import unbound

_TEXT_PARAMETERS = (*TEXT_NAMES[:1], *TEXT_NAMES[2:], "text", "prompt", "string")
_MESSAGES_PARAMETERS = ("messages", "conversation")


@dataclass(frozen=True, slots=True)
class Conversation:
    """All messages."""


@dataclass(frozen=True, slots=True)
class Question:
    """The newest message of the user: its text, or *whole*."""

    whole: bool = False


@dataclass(frozen=True, slots=True)
class Anything:
    """What has no type: it gets a dictionary of the messages and the `inputs`."""


@dataclass(frozen=True, slots=True)
class Variables:
    """Named variables; *build* is the class that the runnable asks for.

    What has *partial* wants at least one of them; a *graph* builds its state itself.
    *question* is the one for the newest message of the user, if that is known.
    """

    by_name: Mapping[str, Variable] = field(default_factory=dict)
    build: type | None = None
    partial: bool = False
    graph: bool = False
    question: str | None = None


@dataclass(frozen=True, slots=True)
class ListOfOne:
    """A list, of which a request is one item."""

    item: "Takes"


@dataclass(frozen=True, slots=True)
class Unknown:
    """What no request has: a value of this type."""

    annotation: object


Takes = Conversation | Question | Anything | Variables | ListOfOne | Unknown


def takes(runnable: Chain) -> Takes:
    """What *runnable* takes."""
    runnable = _typed(runnable)
    match runnable:
        case RunnableSequence(steps=[first, *rest]):
            return _of_steps(first, rest)
        case RunnableParallel(steps__=branches):
            return _of_branches(branches, Anything())
        case RunnableAssign(mapper=mapper):
            return _of_branches(mapper.steps__, Anything())
        case RunnableBranch(branches=pairs, default=default):
            each = [part for pair in pairs for part in pair]
            return reduce(_both, map(takes, [*each, default]))
        case RunnableWithFallbacks(runnable=first):
            return takes(first)
        case RunnableEachBase(bound=bound):
            return ListOfOne(takes(bound))
        case _:
            return _of_one(runnable)


def _of_one(runnable: Chain) -> Takes:
    """What a runnable takes that is not made of others."""
    match runnable:
        case RunnablePick(keys=keys):
            named = [keys] if isinstance(keys, str) else keys
            return Variables({name: Variable(object, True) for name in named})
        case RunnableWithMessageHistory():
            return _of_history(runnable)
        case BaseLanguageModel():
            return Conversation()
        case BaseOutputParser() | Tool():
            return Question()  # `Tool` is the kind of tool with one text.
        case RunnablePassthrough(func=None, afunc=None):
            return Anything()
        case RunnableLambda():
            return _of_function(runnable)
        case RunnableGenerator():
            return _of_pieces(runnable)
        case _ if graphs.is_graph(runnable):
            return _of_graph(runnable)
        case _:
            return _of_schema(runnable)


def _typed(runnable: Chain) -> Chain:
    """What *runnable* is bound to, unless `with_types` says what it takes."""
    custom = getattr(runnable, "custom_input_type", None)
    return runnable if custom is not None else unbound(runnable)


def _of_steps(first: Chain, rest: list[Chain]) -> Takes:
    following = RunnableSequence(*rest) if len(rest) > 1 else rest[0]
    match unbound(first):
        case RunnablePassthrough(func=None, afunc=None):
            return takes(following)
        case RunnableAssign(mapper=mapper):
            found = _of_branches(mapper.steps__, Anything())
            match takes(following):
                case Variables(named):
                    later = {n: v for n, v in named.items() if n not in mapper.steps__}
                    return _both(found, Variables(later)) if later else found
            return found
        case RunnableParallel(steps__=branches):
            return _of_branches(branches, takes(following))
        case _:
            return takes(first)


def _of_branches(branches: Mapping[str, Chain], following: Takes) -> Takes:
    """What all *branches* take together; *following* gets their results."""
    found: Takes = Anything()
    passed: list[str] = []
    for name, branch in branches.items():
        if isinstance(unbound(branch), RunnablePassthrough):
            passed.append(name)
        else:
            found = _both(found, takes(branch))
    if not passed or not isinstance(found, Anything):
        return found
    # What is passed on is of the type that its name has in the next step.
    wanted = following.by_name if isinstance(following, Variables) else {}
    used = [wanted[name].kind for name in passed if name in wanted]
    return Conversation() if "messages" in used else Question()


def _both(one: Takes, other: Takes) -> Takes:
    """What two runnables take that get the same."""
    match one, other:
        case (Anything(), _) | (Conversation(), Question()):
            return other  # A model takes a text too.
        case Variables(named), Variables(more):
            merged = {**named, **more}
            for name in named.keys() & more.keys():
                each = (named[name], more[name])
                typed = [variable for variable in each if variable.kind != "any"]
                needed = any(variable.required for variable in each)
                merged[name] = Variable((typed or each)[0].annotation, needed)
            return Variables(merged)
        case _:
            return one


def _of_function(function: "RunnableLambda[object, object]") -> Takes:
    called = getattr(function, "func", None) or getattr(function, "afunc", None)
    meant = kinds.meaning(function.InputType, called)
    if kinds.kind(meant) != "any" and meant is not function.InputType:
        return _of_annotation(meant)
    found = _of_schema(function)
    code = getattr(kinds.unwrapped(called), "__code__", None)
    if not isinstance(code, CodeType) or kinds.kind(meant) != "any":
        return found
    parameter = kinds.first_parameter(called)
    used = _subscripts(code, parameter)
    named = found.by_name if isinstance(found, Variables) else {}
    # LangChain reads the source, which may hold other functions on the same line.
    asked = {*used, *(name for name in named if name in code.co_consts)}
    if asked:
        return Variables({name: Variable(object, name in used) for name in asked})
    if parameter in _TEXT_PARAMETERS:
        return Question()
    return Conversation() if parameter in _MESSAGES_PARAMETERS else Anything()


def _of_pieces(generator: "RunnableGenerator[object, object]") -> Takes:
    """What a generator of an iterator of its input takes."""
    called = [getattr(generator, name, None) for name in ("_atransform", "_transform")]
    function = next(filter(callable, called), None)
    annotated = list(getattr(function, "__annotations__", {}).values())
    pieces = get_args(kinds.meaning(annotated[0], function)) if annotated else ()
    return _of_annotation(pieces[0]) if pieces else Anything()


def _of_history(runnable: RunnableWithMessageHistory) -> Takes:
    """The newest message of the user, by the name that its history has it under."""
    question, history = runnable.input_messages_key, runnable.history_messages_key
    if question is None:
        return Question(whole=True)
    found = takes(histories.inside(runnable))
    named = dict(found.by_name) if isinstance(found, Variables) else {}
    named.pop(history or "", None)
    named[question] = Variable(str if history else BaseMessage, True)
    return Variables(named, question=question)


def _subscripts(code: CodeType, parameter: str) -> set[str]:
    """The names that a function looks up in its *parameter* by `[…]`."""
    steps = list(dis.get_instructions(code))
    return {
        key.argval
        for loaded, key, looked_up in zip(steps, steps[1:], steps[2:], strict=False)
        if looked_up.opname == "BINARY_SUBSCR"
        and isinstance(key.argval, str)
        and loaded.opname.startswith("LOAD_")
        and loaded.argval == parameter
    }


def _of_graph(graph: Chain) -> Takes:
    """A graph's state may be given in part, unless pydantic checks it."""
    match _of_schema(graph):
        case Variables(named, build):
            strict = build is not None and issubclass(build, BaseModel)
            return Variables(
                {
                    name: Variable(variable.annotation, strict and variable.required)
                    for name, variable in named.items()
                },
                build if strict else None,
                partial=not strict,
                graph=True,
            )
        case found:
            return found


def _of_schema(runnable: Chain) -> Takes:
    try:
        schema = runnable.get_input_schema()
        if not issubclass(schema, BaseModel):
            return Anything()  # The first version of pydantic.
        if "root" in schema.model_fields:
            return _of_annotation(schema.model_fields["root"].annotation)
        build = schema if schema is runnable.InputType else None
        return Variables(kinds.fields(schema), build)
    except Exception:
        return Anything()  # Of some classes the type cannot be told.


def _of_annotation(annotation: object) -> Takes:
    match kinds.kind(annotation):
        case "text":
            return Question()
        case "messages":
            return Conversation()
        case "message":
            return Question(whole=True)
        case "any":
            return Anything()
        case "fields":
            found = kinds.bare(annotation)
            if isinstance(found, type) and not kinds.is_typed_dictionary(found):
                return Variables(kinds.fields(found), found)
            return Variables(kinds.fields(found))
        case _:
            return Unknown(annotation)
