"""A run of a chain on a thread, where its graphs keep their state."""

from collections.abc import Iterator, Mapping
from copy import copy
from typing import TYPE_CHECKING, cast

from langchain_core.messages import convert_to_openai_messages
from langchain_core.runnables import RunnableConfig, RunnableSequence
from langchain_core.runnables.base import RunnableBindingBase, RunnableEachBase
from langchain_core.runnables.history import RunnableWithMessageHistory
from pydantic import JsonValue

from runnables import states
from runnables.asking_again import asking_again
from runnables.generator import Chain
from runnables.graphs import GraphStep, Visit, with_subgraphs
from runnables.paused import State
from runnables.pregel import is_graph, is_local
from runnables.results import NOTHING, as_json
from runnables.structure import Place, replaced, unbound
from runs.thread_places import graph_thread
from streaming.errors import InvalidRequest
from streaming.events import Interrupt

if TYPE_CHECKING:
    from runnables.checkpointer import AnySaver

_KEEPING_NONE = (RunnableWithMessageHistory, RunnableEachBase)
"""What keeps no state of the graphs in it: a history has the conversation itself, and
the items of a list would have one thread together."""


def keeps_state(chain: Chain) -> bool:
    """Whether a graph in *chain* keeps the conversation of a thread, or its server."""
    return any(
        not is_local(graph) or _checkpointer(graph) is not False
        for graph in map(_graph, _keeping(chain))
    )


def needs_saver(chain: Chain) -> bool:
    """Whether a graph in *chain* would keep its state, and has no checkpointer."""
    return any(_checkpointer(_graph(part)) is None for part in _keeping(chain))


def _checkpointer(graph: Chain) -> object:
    return getattr(graph, "checkpointer", False)


def _keeping(chain: Chain) -> list[Chain]:
    """The graphs in *chain* that keep their state, or the steps that run them."""
    found: list[Chain] = []

    def note(part: Chain, place: Place) -> Chain | None:
        if is_graph(_graph(part)):
            found.append(part)
        return part if isinstance(part, _KEEPING_NONE) else None

    replaced(chain, note)
    return found


def visiting(chain: Chain, visit: Visit, saver: "AnySaver | None") -> Chain:
    """*chain* whose graphs keep their state on the thread of *visit*.

    Each has a thread of its own there. A graph without a checkpointer gets *saver*.
    """
    spine = {id(_graph(each)) for each in _spine(chain)}
    number = 0

    def visited(part: Chain, place: Place) -> Chain | None:
        nonlocal number
        if isinstance(part, _KEEPING_NONE):
            return part
        graph = _graph(part)
        if not is_graph(graph):
            return None
        key = graph_thread(visit.key, number)
        number += 1
        own = _saved(graph, saver)
        can_wait = id(graph) in spine
        return GraphStep(own, place, visit, key=key, can_wait=can_wait)

    return replaced(chain, visited)


def _graph(part: Chain) -> Chain:
    return part.graph if isinstance(part, GraphStep) else part


def _saved(graph: Chain, saver: "AnySaver | None") -> Chain:
    """A copy of *graph* with its own checkpointer, or else with *saver*."""
    found = cast("AnySaver | bool | None", _checkpointer(graph))
    if found is None and saver is not None:
        found = _reading(graph, saver)
    if found is None or isinstance(found, bool):
        return graph
    saved = copy(graph)
    setattr(saved, "checkpointer", asking_again(found))  # noqa: B010
    return saved


def _reading(graph: Chain, saver: "AnySaver") -> "AnySaver":
    """*saver* as it reads the types of the graph's state."""
    from langgraph._internal._serde import build_serde_allowlist

    types: set[tuple[str, ...]] = set()
    for each in with_subgraphs(graph):
        types |= build_serde_allowlist(
            schemas=_schemas(each), channels=getattr(each, "channels", None)
        )
    return saver.with_allowlist(types)


def _schemas(graph: Chain) -> list[type]:
    builder = getattr(graph, "builder", None)
    nodes = getattr(builder, "nodes", {}).values()
    found = [getattr(each, "input_schema", None) for each in (builder, *nodes)]
    return [each for each in found if isinstance(each, type)]


def _spine(chain: Chain) -> Iterator[Chain]:
    """The graphs that a run can begin with: those that alone run at their time."""
    match unbound(chain):
        case RunnableSequence(steps=steps):
            for step in steps:
                yield from _spine(step)
        case GraphStep() as step:
            yield step
        case graph if is_graph(graph):
            yield graph


async def rest(chain: Chain) -> Chain:
    """What is left of *chain*, which waits for a person.

    Raises `InvalidRequest` if nothing in it does.
    """
    for step in _spine(chain):
        if isinstance(step, GraphStep) and (await step.state(RunnableConfig())).pending:
            return _from(chain, step)
    message = "resume: nothing is pending on the thread"
    raise InvalidRequest(message, param="resume")


def _from(chain: Chain, step: GraphStep) -> Chain:
    match chain:
        case RunnableSequence(steps=steps):
            for place, each in enumerate(steps):
                if step in _spine(each):
                    left = [_from(each, step), *steps[place + 1 :]]
                    return RunnableSequence(*left) if len(left) > 1 else left[0]
        case RunnableBindingBase(bound=bound):
            return chain.model_copy(update={"bound": _from(bound, step)})
    return chain


async def kept(
    chain: Chain, key: str, saver: "AnySaver | None", *, whole: bool = False
) -> tuple[JsonValue, list[Interrupt]]:
    """What the first graph of *chain* keeps on the thread *key*, and what is pending
    there.

    Messages are in OpenAI's shape, or, if they are to be *whole*, as LangChain has
    them.
    """
    visited = visiting(chain, Visit(key), saver)
    values: JsonValue = None
    pending: list[Interrupt] = []
    for step in _spine(visited):
        if isinstance(step, GraphStep):
            found = await step.state(RunnableConfig())
            values = _shown(found, whole) if values is None else values
            pending += found.pending
    return values, pending


def _shown(found: State, whole: bool) -> JsonValue:
    if not isinstance(found.values, Mapping):
        return None
    shown = {name: _value(value, whole) for name, value in found.values.items()}
    return {name: value for name, value in shown.items() if value is not NOTHING}


def _value(value: object, whole: bool) -> JsonValue:
    if not (messages := states.messages_in(value)):
        return as_json(value)
    if whole:
        return as_json([each.model_dump() for each in messages])
    return as_json(convert_to_openai_messages(messages))


def tidy(visited: Chain) -> None:
    """Free what earlier runs have left of the states of a chain's graphs."""
    for part in _keeping(visited):
        if isinstance(part, GraphStep):
            part.tidy()


async def forget(chain: Chain, key: str, saver: "AnySaver | None") -> None:
    """Delete what the graphs of *chain* have kept on the thread *key*."""
    visited = visiting(chain, Visit(key), saver)
    for part in _keeping(visited):
        if isinstance(part, GraphStep):
            await part.forget()
