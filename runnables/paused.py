"""A graph that waits for a person: what it waits for, and how it goes on."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    RemoveMessage,
    ToolMessage,
)
from langchain_core.runnables import RunnableConfig
from pydantic import JsonValue

from runnables import states
from runnables.generator import Chain
from runnables.pregel import Stateful, is_remote, remote_state
from runnables.results import NOTHING, as_json
from streaming.approvals import check_decisions
from streaming.errors import InvalidRequest
from streaming.events import Interrupt

_ID = re.compile(r"[0-9a-f]{32}")
"""See: langgraph.pregel._utils.is_xxh3_128_hexdigest"""

NOT_RUN = "The call was not run: the conversation went on without it."


class Asked(Protocol):
    """LangGraph's own `Interrupt`."""

    id: str
    value: object


class Task(Protocol):
    error: object
    state: object
    """Of a subgraph, if it was asked for."""


class Snapshot(Protocol):
    """LangGraph's `StateSnapshot`, as far as it is read."""

    values: object
    next: Sequence[str]
    tasks: Sequence["Task"]
    interrupts: Sequence[Asked]
    config: RunnableConfig


class Paused(Exception):
    """A graph within a chain waits for a person, so the steps after it do not run."""


@dataclass(frozen=True, slots=True)
class State:
    """What a graph has kept: its *values*, and what is *pending*.

    A graph that `stops` was told to before or after a node, and takes no answer.
    `within` is what subgraphs have said that wait: *values* have that once they end.
    """

    values: object = None
    pending: Sequence[Interrupt] = ()
    stops: bool = False
    within: Sequence[BaseMessage] = ()


async def state(graph: Chain, config: RunnableConfig, *, within: bool = False) -> State:
    """Of a *graph* with a checkpointer, here or on its server; else empty."""
    if is_remote(graph):
        # A graph's methods are not in the type of a runnable.
        found = cast(Snapshot | None, await remote_state(graph, config))
    elif getattr(graph, "checkpointer", None):
        stateful = cast(Stateful, graph)
        found = cast(Snapshot, await stateful.aget_state(config, subgraphs=within))
    else:
        found = None
    if found is None:
        return State()
    values = states.read(found.values) if is_remote(graph) else found.values
    pending = [Interrupt(each.id, _safe(each.value)) for each in found.interrupts]
    said = [*_said_within(found)] if within else []
    if pending or not found.next or not _stops(graph, found):
        return State(values, pending, within=said)
    stopped = str(found.config["configurable"].get("checkpoint_id", ""))
    return State(values, [Interrupt(stopped, {"next": [*found.next]})], True, said)


def _said_within(found: Snapshot) -> Iterator[BaseMessage]:
    for task in found.tasks:
        if hasattr(task.state, "tasks"):
            inner = cast(Snapshot, task.state)
            yield from states.messages_in(inner.values)
            yield from _said_within(inner)


def _stops(graph: Chain, found: Snapshot) -> bool:
    """Whether *graph* was told to stop here: it may have failed, or been cancelled."""
    if is_remote(graph):
        return not any(each.error for each in found.tasks)
    options = ("interrupt_before_nodes", "interrupt_after_nodes")
    return any(getattr(graph, each, None) for each in options)


def _safe(value: object) -> JsonValue:
    plain = as_json(value)
    return None if plain is NOTHING else plain


def resumed(
    resume: JsonValue,
    found: State,
    toolboxes: Iterable[Collection[str]] = (),
    *,
    by_id: bool = False,
) -> object:
    """What a graph with these *toolboxes* is to be run with, that its *resume* answers
    what is pending; one that is *by_id* answers nothing else."""
    ids = [each.id for each in found.pending]
    answers = _by_id(resume, ids, named=by_id or _has_ids(resume))
    for each in found.pending:
        if each.id in answers:
            check_decisions(each.value, answers[each.id], toolboxes)
    if found.stops:
        return None
    from langgraph.types import Command

    return Command(resume=answers)


def _has_ids(resume: JsonValue) -> bool:
    """Whether LangGraph takes *resume* for answers by ids, as its own are pending or
    were: an answer to an earlier question must not answer the next one."""
    if not isinstance(resume, dict) or not resume:
        return False
    return all(_ID.fullmatch(each) for each in resume)


def _by_id(
    resume: JsonValue, ids: Sequence[str], *, named: bool
) -> Mapping[str, JsonValue]:
    """Not all have to be answered: a graph asks again for the rest."""
    if not ids:
        message = "resume: nothing is pending on the thread"
        raise InvalidRequest(message, param="resume")
    named = named or (isinstance(resume, dict) and bool(resume.keys() & set(ids)))
    if len(ids) == 1 and not named:
        return {ids[0]: resume}
    if not isinstance(resume, dict) or not resume:
        message = f"resume: expected an object with answers by the ids {[*ids]}"
        raise InvalidRequest(message, param="resume")
    for unknown in resume.keys() - set(ids):
        raise InvalidRequest(
            f"resume.{unknown[:100]}: is not pending, expected one of {[*ids]}",
            param="resume",
        )
    return resume


def anew(
    given: object,
    found: State,
    graph: Chain,
    *,
    dropped: Sequence[str] = (),
    asked: Sequence[str] = (),
) -> object:
    """*given* to a *graph* that may have been left while it waited, or whose answer to
    the first of the questions *dropped* is to be made anew; or to the last of those
    *asked*, which only the graph has if its run has failed.

    Providers refuse a conversation in which a tool's call has no result.
    """
    if not isinstance(given, dict):
        return given
    new = given.get("messages")
    before = states.messages_in(found.values)
    if not isinstance(new, list) or not before:
        return given
    removable = _takes_removals(graph)
    place = _place(before, dropped, asked) if removable else len(before)
    removed = [RemoveMessage(id=each.id) for each in before[place:] if each.id]
    answered = {each.tool_call_id for each in new if isinstance(each, ToolMessage)}
    left = [e for e in _open(before[:place]) if e.tool_call_id not in answered]
    # The same kind of dictionary, whose missing values are the conversation's.
    given["messages"] = [*removed, *left, *new]
    return given


def _place(
    messages: Sequence[BaseMessage], dropped: Sequence[str], asked: Sequence[str]
) -> int:
    """Where the first of the questions *dropped* is, counted from the end, or the last
    of those *asked*."""
    places = [n for n, each in enumerate(messages) if isinstance(each, HumanMessage)]
    texts = [messages[place].text for place in places]
    *earlier, question = dropped[:1] or asked or [""]
    count = dropped.count(question) or 1
    if earlier and texts[: len(earlier)] == earlier:
        found = places[len(earlier) :]
    else:
        same = [n for n, text in zip(places, texts, strict=True) if text == question]
        found = same[-count:] if question and count <= len(same) else []
    return found[0] if found else len(messages)


def _takes_removals(graph: Chain) -> bool:
    """Whether the graph's messages are such that one can be taken out of them."""
    from langgraph.graph.message import add_messages

    channel = getattr(graph, "channels", {}).get("messages")
    return getattr(channel, "operator", None) is add_messages


def _open(messages: Sequence[BaseMessage]) -> list[ToolMessage]:
    """Results for the calls of the last answer that have none."""
    results: set[str] = set()
    for message in reversed(messages):
        match message:
            case ToolMessage():
                results.add(message.tool_call_id)
            case AIMessage():
                calls = [*message.tool_calls, *message.invalid_tool_calls]
                return [
                    ToolMessage(
                        NOT_RUN,
                        tool_call_id=call["id"],
                        name=call["name"],
                        status="error",
                    )
                    for call in calls
                    if call["id"] and call["id"] not in results
                ]
            case _:
                return []
    return []
