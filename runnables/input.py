"""A request, as a runnable takes it."""

import json
from collections.abc import Iterable, Mapping
from inspect import Parameter, signature
from typing import assert_never

from langchain_core.messages import BaseMessage, HumanMessage, get_buffer_string
from langchain_core.prompts import BasePromptTemplate
from langchain_core.runnables import RunnableLambda
from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError

from runnables import unsuited
from runnables.conversation import (
    Absent,
    Given,
    Talk,
    before,
    messages,
    newest,
    question,
)
from runnables.generator import Chain
from runnables.kinds import TEXT_NAMES, Variable
from runnables.shapes import (
    HISTORY_NAMES,
    Anything,
    Conversation,
    ListOfOne,
    Question,
    Takes,
    Unknown,
    Variables,
    is_guessed,
    questions,
)
from runnables.structure import called, parts
from runnables.takes import takes
from streaming.errors import InvalidRequest, NotConfigured
from streaming.requests import ChatRequest

Inputs = Mapping[str, JsonValue]

UNSUITED = (
    "The chain does not say what it takes, and cannot take what a request has; "
    "`with_types(input_type=...)` says it."
)

NO_DICTIONARY = (
    "Fallbacks with an `exception_key` take a dictionary, and those of the chain get "
    "something else: call `with_fallbacks` on the prompt and the model together."
)


class Input:
    """What one chain takes. Raises `NotConfigured` for what no request can give."""

    def __init__(self, chain: Chain) -> None:
        for part in parts(chain):
            if isinstance(part, RunnableLambda):
                _check_call(part)
        self._takes = takes(chain)
        _check(self._takes)
        prompts = [
            part for part in parts(chain) if isinstance(part, BasePromptTemplate)
        ]
        self._asked = {name for prompt in prompts for name in prompt.input_variables}
        self._variables = [
            found
            for found in (self._takes, *map(takes, called(chain)))
            if isinstance(found, Variables)
        ]
        for found in self._variables:
            self._asked |= found.by_name.keys()

    def of(self, request: ChatRequest) -> object:
        """*request* as the chain takes it; raises `InvalidRequest`, naming what is
        missing."""
        given = _shaped(self._takes, messages(request), request.inputs)
        if isinstance(given, Given):
            self.complete(given)
        return given

    def complete(self, given: Given) -> None:
        """Have *given* know what the chain asks for."""
        given.asked |= self._asked
        for found in self._variables:
            named = found.by_name
            free = {name: named[name] for name in named if name not in given.brought}
            given.know(questions(found, free))

    def schema(self) -> dict[str, object]:
        """The JSON schema of the request's `inputs`.

        What the conversation has is not required.
        """
        if not isinstance(self._takes, Variables):
            free = isinstance(self._takes, Anything)
            return {"type": "object", "properties": {}, "additionalProperties": free}
        named = self._takes.by_name
        given = _from_conversation(self._takes, named, [HumanMessage("")])
        return {
            "type": "object",
            "properties": {name: _schema(named[name]) for name in sorted(named)},
            "required": [
                name
                for name in sorted(named)
                if named[name].required and name not in given
            ],
            "additionalProperties": False,
        }

    def refusal(
        self, exc: Exception, given: object, *, asked: bool
    ) -> InvalidRequest | None:
        """The caller's error, if the chain cannot take what it was *given*.

        What a chain does once it has *asked* a model has other reasons.
        """
        if isinstance(exc, KeyError) and (error := self._missing(exc, given)):
            return error
        if unsuited.is_no_dictionary(exc):
            return InvalidRequest(NO_DICTIONARY)
        if is_guessed(self._takes) and not asked and unsuited.is_refusal(exc):
            return InvalidRequest(UNSUITED)
        return None

    def _missing(self, exc: KeyError, given: object) -> InvalidRequest | None:
        """The error for a variable that the chain has looked up in vain."""
        if isinstance(exc, Absent):
            return _missing(str(exc.args[0]), ["messages", *TEXT_NAMES])
        names = given.keys() if isinstance(given, Mapping) else ()
        asked = given.asked if isinstance(given, Given) else self._asked
        said = str(exc.args[0]) if exc.args else ""
        wanted = [
            name
            for name in sorted(asked.difference(names))
            if said == name or f"'{name}'" in said.partition("Expected")[0]
        ]
        return _missing(wanted[0], asked) if wanted else None


def _schema(variable: Variable) -> object:
    if variable.kind in ("messages", "message"):
        return {"description": "the conversation"}
    try:
        return TypeAdapter(variable.annotation).json_schema()
    except Exception:
        return {}  # pydantic does not know the type.


def _check(found: Takes) -> None:
    match found:
        case Unknown(annotation):
            raise NotConfigured(
                f"The chain takes {_named(annotation)}, which no request has: expected "
                "a string, messages, or a dictionary of variables."
            )
        case ListOfOne(item):
            _check(item)


def _check_call(function: "RunnableLambda[object, object]") -> None:
    """LangChain calls a function with its input, and by name with what it has."""
    code = getattr(function, "func", None) or getattr(function, "afunc", None)
    try:
        given = signature(code).parameters.values() if callable(code) else ()
    except ValueError:
        return  # It is not Python's.
    has_place = [each for each in given if each.kind < Parameter.KEYWORD_ONLY]
    wanted = [
        each.name
        for each in (*has_place[1:], *(each for each in given if each not in has_place))
        if each.default is Parameter.empty
        and each.kind not in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
        and each.name not in ("config", "run_manager")
    ]
    name = getattr(code, "__name__", type(code).__name__)
    if not has_place:
        raise NotConfigured(f"The function {name!r} takes no input.")
    if wanted:
        raise NotConfigured(
            f"The function {name!r} takes {wanted} beside its input: expected one "
            "parameter, which may be a dictionary of variables, and maybe `config`."
        )


def _named(annotation: object) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)


def _shaped(found: Takes, given: list[BaseMessage], inputs: Inputs) -> object:
    match found:
        case Variables():
            return _variables(found, given, inputs)
        case Anything():
            return Given({**inputs, "messages": given})
        case ListOfOne(item):
            return [_shaped(item, given, inputs)]
    for name in inputs:
        raise _unknown(name, ())
    match found:
        case Conversation():
            return Talk(given) if is_guessed(found) else given
        case Question(whole=True):
            return newest(given)
        case Question() | Unknown():
            return question(given)
        case _:
            assert_never(found)


def _variables(found: Variables, given: list[BaseMessage], inputs: Inputs) -> object:
    named = found.by_name
    values: dict[str, object] = {}
    for name, value in inputs.items():
        if name not in named:
            raise _unknown(name, named)
        if name == "messages":
            raise InvalidRequest(f"inputs.{name}: is the conversation", param="inputs")
        values[name] = _checked(name, value, named[name])
    free = {name: named[name] for name in named if name not in values}
    values |= _from_conversation(found, free, given)
    for name, variable in free.items():
        if name not in values and variable.required:
            raise _missing(name, named)
    if found.partial and not values:
        raise _missing(" or ".join(named), named)
    built = _built(found.build, values) if found.build else values
    return values if found.graph else built


def _built(build: type, values: Mapping[str, object]) -> object:
    try:
        if issubclass(build, BaseModel):
            return build.model_validate(values, by_name=True, by_alias=True)
        return build(**values)
    except ValidationError as exc:
        raise _invalid(exc, "inputs") from None


def _invalid(exc: ValidationError, *place: str) -> InvalidRequest:
    first = exc.errors(include_url=False, include_input=False)[0]
    path = ".".join([*place, *map(str, first["loc"])])[:200]
    return InvalidRequest(f"{path}: {first['msg'][:200]}", param=path)


def _from_conversation(
    found: Variables, free: Mapping[str, Variable], given: list[BaseMessage]
) -> dict[str, object]:
    """The values of the *free* variables that the conversation has."""
    values: dict[str, object] = {}
    for name in questions(found, free):
        values[name] = _as_question(free[name], given)
    if "messages" in free and "messages" not in values:
        values["messages"] = _as_list(free["messages"], given)
    for name in HISTORY_NAMES:
        if name in free and values:
            values[name] = _as_list(free[name], before(given))
    lists = [n for n in free if free[n].kind == "messages" and n not in values]
    if not values and len(lists) == 1:
        return {lists[0]: given}
    return {**{name: [] for name in lists if free[name].required}, **values}


def _as_question(variable: Variable, given: list[BaseMessage]) -> object:
    return newest(given) if variable.kind == "message" else question(given)


def _as_list(variable: Variable, given: list[BaseMessage]) -> object:
    return get_buffer_string(given) if variable.kind == "text" else given


def _checked(name: str, value: JsonValue, variable: Variable) -> object:
    """*value* as the variable's type has it, which no JSON may be for all types."""
    try:
        adapter: TypeAdapter[object] = TypeAdapter(variable.annotation)
    except Exception:
        return value  # pydantic does not know the type.
    try:
        return adapter.validate_json(json.dumps(value), strict=True)
    except ValidationError as exc:
        raise _invalid(exc, "inputs", name) from None


def _missing(name: str, named: Iterable[str]) -> InvalidRequest:
    return InvalidRequest(
        f"inputs.{name}: is missing; the chain takes {sorted(named)}",
        param=f"inputs.{name}",
    )


def _unknown(name: str, named: Iterable[str]) -> InvalidRequest:
    expected = f"expected one of {sorted(named)}" if named else "and it has none"
    return InvalidRequest(
        f"inputs.{name[:100]}: is no variable of the chain, {expected}", param="inputs"
    )
