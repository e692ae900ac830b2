"""What a graph's nodes get as `runtime.context`, if the graph says what that is."""

from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from inspect import isclass

from pydantic import BaseModel, JsonValue, ValidationError

from runnables import asker, kinds
from runnables.generator import Chain
from runnables.kinds import Variable
from runnables.structure import unbound
from streaming.errors import InvalidRequest

RUNTIME = "__pregel_runtime"
"""Where in the config LangGraph looks for what a graph's caller has."""


def schema(chain: Chain) -> type | None:
    """The class of the context, if *chain* is a graph that has one."""
    graph = unbound(chain)
    found = getattr(graph, "context_schema", None)
    # That of an `@entrypoint` has no place in a request: its input is no dictionary.
    known = isclass(found) and hasattr(graph, "builder") and kinds.fields(found)
    return found if known else None


def variables(chain: Chain) -> dict[str, Variable]:
    """The fields of the context. Those of a dictionary may all be missing."""
    found = schema(chain)
    named = kinds.fields(found) if found else {}
    strict = found is not None and _is_built(found)
    return {
        name: Variable(
            field.annotation, strict and field.required and name not in asker.NAMES
        )
        for name, field in named.items()
    }


def _is_built(found: type) -> bool:
    return is_dataclass(found) or issubclass(found, BaseModel)


def config(
    chain: Chain, inputs: Mapping[str, JsonValue], known: Mapping[str, object]
) -> dict[str, object]:
    """The part of a config that has the graph's context: its fields are taken from what
    is *known* about the caller, and else from the request's *inputs*."""
    found = schema(chain)
    if found is None:
        return {}
    from langgraph.runtime import Runtime  # The graph has imported it.

    named = kinds.fields(found)
    given = {**inputs, **{name: known.get(name) for name in asker.NAMES}}
    values = {name: given[name] for name in named if name in given}
    if _is_built(found):
        _check(named, values)
    make: Callable[..., object] = Runtime
    return {RUNTIME: make(context=_built(found, values), store=_store(chain))}


def _check(named: Mapping[str, Variable], values: Mapping[str, object]) -> None:
    for name, field in named.items():
        if field.required and name not in values:
            raise InvalidRequest(
                f"inputs.{name}: is missing; the graph's context has {sorted(named)}",
                param=f"inputs.{name}",
            )


def _built(found: type, values: dict[str, object]) -> object:
    try:
        return found(**values)
    except ValidationError as exc:
        name = str(exc.errors(include_input=False)[0]["loc"][0])[:100]
        message = f"inputs.{name}: is not what the graph's context takes"
        raise InvalidRequest(message, param=f"inputs.{name}") from None


def _store(chain: Chain) -> object:
    """The graph's own, which LangGraph looks for in the same place."""
    return getattr(unbound(chain), "store", None)
