"""What a runnable takes as its input, read from its own schema and its parts."""

from collections.abc import Mapping
from functools import partial, reduce
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

from runnables import context, histories, kinds, lookups
from runnables.generator import Chain
from runnables.kinds import TEXT_NAMES, Variable
from runnables.lookups import MESSAGES
from runnables.pregel import is_graph, is_local
from runnables.shapes import (
    Anything,
    Conversation,
    ListOfOne,
    Question,
    Takes,
    Unknown,
    Variables,
    both,
    either,
)
from runnables.structure import unbound

_TEXT_PARAMETERS = (
    *(*TEXT_NAMES[:1], *TEXT_NAMES[2:], "text", "prompt", "string"),
    *("q", "user_input", "user_message", "user_query", "user_question"),
)

_IDENTITY = (lambda x: x).__code__.co_code
"""What a function is compiled to that returns what it is given."""


def takes(runnable: Chain) -> Takes:
    """What *runnable* takes."""
    runnable = _typed(runnable)
    match runnable:
        case RunnableSequence(steps=[first, *rest]):
            return _of_steps(first, rest)
        case RunnableParallel(steps__=branches):
            return _of_branches(branches, Anything())
        case RunnableAssign(mapper=mapper):
            return _of_assigned(mapper.steps__)
        case RunnableBranch(branches=pairs, default=default):
            found = reduce(both, map(takes, [*(body for _, body in pairs), default]))
            conditions = (condition for condition, _ in pairs)
            return reduce(both, map(partial(_of_condition, found), conditions), found)
        case RunnableWithFallbacks(runnable=first, fallbacks=others):
            return either([takes(first), *map(takes, others)])
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
        case _ if is_graph(runnable):
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
            found = _of_assigned(mapper.steps__)
            match takes(following):
                case Variables(named):
                    later = {n: v for n, v in named.items() if n not in mapper.steps__}
                    return both(found, Variables(later)) if later else found
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
        if _passes(unbound(branch)):
            passed.append(name)
        else:
            found = both(found, takes(branch))
    if not passed or not isinstance(found, Anything):
        return found
    # What is passed on is of the type that its name has in the next step.
    wanted = following.by_name if isinstance(following, Variables) else {}
    if any(_is_of_messages(name, wanted) for name in passed):
        return Conversation(guessed=True)
    return Question(guessed=True)


def _of_assigned(branches: Mapping[str, Chain]) -> Takes:
    """The dictionary that `assign` adds to."""
    found = _of_branches(branches, Anything())
    return found if isinstance(found, Variables) else Anything()


def _passes(branch: Chain) -> bool:
    """Whether *branch* is or does what `RunnablePassthrough` does."""
    if isinstance(branch, RunnableLambda):
        code = getattr(getattr(branch, "func", None), "__code__", None)
        return getattr(code, "co_code", None) == _IDENTITY
    return isinstance(branch, RunnablePassthrough)


def _is_of_messages(name: str, wanted: Mapping[str, Variable]) -> bool:
    kind = wanted[name].kind if name in wanted else "any"
    return kind == "messages" or (kind == "any" and name in MESSAGES)


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
    # LangChain reads the source, which may hold other functions on the same line.
    if asked := lookups.asked(code, parameter):
        return Variables({n: Variable(object, needed) for n, needed in asked.items()})
    if parameter in _TEXT_PARAMETERS or lookups.reads_text(code, parameter):
        return Question()
    return Conversation() if parameter in MESSAGES else Anything()


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
    return Variables(named, questions=(question,))


def _of_condition(bodies: Takes, condition: Chain) -> Takes:
    """What the *condition* of a branch takes; it may ask whether a variable of what
    follows is there."""
    code = getattr(getattr(condition, "func", None), "__code__", None)
    if isinstance(bodies, Variables) and isinstance(code, CodeType):
        parameter = next(iter(code.co_varnames), "")
        if lookups.sought(code, parameter) & bodies.by_name.keys():
            return Anything()
    return takes(condition)


def _of_graph(graph: Chain) -> Takes:
    """A graph's state may be given in part, unless pydantic checks it."""
    match _of_schema(graph):
        case Variables() as found if is_local(graph) and not hasattr(graph, "builder"):
            return found  # An `@entrypoint`, which is a function.
        case Variables(named, build):
            strict = build is not None and issubclass(build, BaseModel)
            return Variables(
                {
                    name: Variable(variable.annotation, strict and variable.required)
                    for name, variable in named.items()
                }
                | {n: v for n, v in context.variables(graph).items() if n not in named},
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
        case "list" if kinds.is_open_list(annotation):
            return Conversation()
        case "fields":
            found = kinds.bare(annotation)
            if isinstance(found, type) and not kinds.is_typed_dictionary(found):
                return Variables(kinds.fields(found), found)
            return Variables(kinds.fields(found))
        case _:
            return Unknown(annotation)
