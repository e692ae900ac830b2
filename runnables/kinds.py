"""What a type annotation means for a conversation: a text, messages, or neither."""

import collections.abc
import dataclasses
import inspect
import typing
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from types import GenericAlias, SimpleNamespace, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    ReadOnly,
    Required,
    TypeAliasType,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from langchain_core import messages
from langchain_core.documents import Document
from langchain_core.messages import BaseMessage
from langchain_core.prompt_values import PromptValue
from pydantic import BaseModel

TEXT_NAMES = ("question", "input", "query", "topic")
"""Variables for the newest message of the user; the first of them takes it."""

type Kind = Literal["text", "messages", "message", "any", "fields", "list", "other"]
"""`any` is what has no type, or one that says nothing; `fields` has named parts."""

_LANGCHAINS: Mapping[str, object] = {"Document": Document, "PromptValue": PromptValue}

_TRANSPARENT = (Annotated, Required, NotRequired, ReadOnly)


@dataclasses.dataclass(frozen=True, slots=True)
class Variable:
    """One variable of an input; `annotation` is any form that a type can have."""

    annotation: Any
    required: bool
    kind: Kind = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", kind(self.annotation))


def kind(annotation: object) -> Kind:
    """What may be given for *annotation*."""
    if isinstance(annotation, TypeAliasType):
        return kind(annotation.__value__)
    origin, args = get_origin(annotation), get_args(annotation)
    if origin in _TRANSPARENT:
        return kind(args[0])
    if origin in (Union, UnionType):
        return _kind_of_union({kind(each) for each in args if each is not type(None)})
    if isinstance(annotation, TypeVar) or annotation in (
        *(Any, object, inspect.Parameter.empty, dict, Mapping),
    ):
        return "any"
    if inspect.isclass(origin):
        return _kind_of_generic(origin, args)
    return _kind_of_class(annotation)


def _kind_of_union(kinds: set[Kind]) -> Kind:
    order: tuple[Kind, ...] = ("messages", "message", "text", "any", "fields", "list")
    return next((each for each in order if each in kinds), "other")


def _kind_of_generic(origin: type, args: tuple[object, ...]) -> Kind:
    if issubclass(origin, Mapping):
        return "any"
    if not issubclass(origin, Iterable):
        return "other"
    items = kind(args[0]) if args else "any"
    return "messages" if items in ("message", "messages") else "list"


def is_open_list(annotation: object) -> bool:
    """Whether *annotation* is a list of anything."""
    items = get_args(bare(annotation))
    return not items or items[0] in (Any, object)


def _kind_of_class(annotation: object) -> Kind:
    if not inspect.isclass(annotation) or isinstance(annotation, GenericAlias):
        return "other"
    if issubclass(annotation, BaseMessage):
        return "message"
    if issubclass(annotation, PromptValue):
        return "messages"
    if issubclass(annotation, str):
        return "text"
    if _has_fields(annotation):
        return "fields"
    if issubclass(annotation, dict):
        return "any"
    return "list" if issubclass(annotation, Sequence | set) else "other"


def _has_fields(annotation: object) -> bool:
    return inspect.isclass(annotation) and (
        is_typed_dictionary(annotation)
        or issubclass(annotation, BaseModel)
        or dataclasses.is_dataclass(annotation)
    )


def is_typed_dictionary(annotation: object) -> bool:
    # `typing.is_typeddict` does not know those of typing_extensions.
    return hasattr(annotation, "__required_keys__")


def meaning(annotation: object, function: object) -> object:
    """What *annotation* of *function* means, if it is text; else itself.

    Names may be imported for type checkers alone: those of LangChain are known.
    """
    if not isinstance(annotation, str):
        return annotation
    called = unwrapped(function)
    own = getattr(called, "__globals__", {})
    try:
        hints = SimpleNamespace(__annotations__={"it": annotation})
        return get_type_hints(hints, {**_known(), **own}, include_extras=True)["it"]
    except Exception:
        return Any


def unwrapped(function: object) -> object:
    """The function that a partial, a decorated one or an object with `__call__` has."""
    while isinstance(function, partial):
        function = function.func
    if not callable(function):
        return function
    called = inspect.unwrap(function)
    return called if hasattr(called, "__code__") else type(called).__call__


def _known() -> dict[str, object]:
    named = {name: getattr(messages, name) for name in messages.__all__}
    return {**vars(typing), **vars(collections.abc), **named, **_LANGCHAINS}


def bare(annotation: object) -> object:
    """*annotation* without what only annotates it."""
    while get_origin(annotation) in _TRANSPARENT:
        annotation = get_args(annotation)[0]
    return annotation


def fields(annotation: object) -> dict[str, Variable]:
    """The variables of a `TypedDict`, a dataclass or a model of pydantic."""
    found = bare(annotation)
    if not inspect.isclass(found):
        return {}
    if issubclass(found, BaseModel):
        return {
            name: Variable(field.annotation, field.is_required())
            for name, field in found.model_fields.items()
        }
    hints = get_type_hints(found, include_extras=True)
    if dataclasses.is_dataclass(found):
        return {
            field.name: Variable(hints[field.name], _has_no_default(field))
            for field in dataclasses.fields(found)
        }
    needed: frozenset[str] = getattr(found, "__required_keys__", frozenset())
    return {name: Variable(hint, name in needed) for name, hint in hints.items()}


def _has_no_default(field: "dataclasses.Field[object]") -> bool:
    missing = dataclasses.MISSING
    return field.default is missing and field.default_factory is missing


def first_parameter(called: object) -> str:
    """The name of what a function, or what is bound of it, is given first."""
    if not callable(called):
        return ""
    return next(iter(inspect.signature(called).parameters), "")
