"""The state of a graph: what was said, and what the answer is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from langchain_core.documents import Document
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    RemoveMessage,
    SystemMessage,
    ToolMessage,
    convert_to_messages,
)

from runnables.results import NOTHING
from streaming.errors import ThreadRequired

MODES = ("messages", "updates", "values", "custom")
"""What a graph can be told to stream, as far as it is shown."""

INTERRUPT = "__interrupt__"

OVERWRITE = "__overwrite__"
"""The only key of an update that overwrites, as a dictionary.
See: langgraph.types.Overwrite
"""

ALL_MESSAGES = "__remove_all__"
"""LangGraph's id of a `RemoveMessage` for all messages.
See: langgraph.graph.message.REMOVE_ALL_MESSAGES
"""

IN_A_BRANCH = (
    "A graph waits for a person in a branch, a fallback or the like, with which a "
    "runnable cannot go on: make it the chain, a step of a sequence, or a node of a "
    "graph, whose nodes may also run side by side."
)
IN_A_FUNCTION = (
    "A graph waits for a person that a function has called or that runs for each item "
    "of a list, neither of which can go on in its middle: make that a node of a graph, "
    "or an @entrypoint of LangGraph's."
)
NOWHERE_KEPT = (
    "A graph waits for a person that was compiled with checkpointer=False, so that "
    "nothing keeps its state."
)
ANSWERS = ("answer", "output", "result", "response")
"""What graphs call their answer if it is no message."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of what a graph streams from within another runnable; if it is of a graph
    within that one, *within* is its place.

    LangChain adds up what steps yield, as far as it can be added.
    """

    mode: str
    payload: object
    within: str = ""


def messages_in(state: object) -> list[BaseMessage]:
    """The messages of *state*, or those that it is."""
    found = state.get("messages") if isinstance(state, Mapping) else state
    if not isinstance(found, list):
        return []
    return [message for message in found if isinstance(message, BaseMessage)]


def speaks(value: object) -> bool:
    """Whether *value*, an item of a list, is or has a message, or is a source."""
    return isinstance(value, BaseMessage | Document | Part) or (
        isinstance(value, Mapping) and bool(messages_in(value))
    )


def newest(state: object) -> list[BaseMessage]:
    """The messages of *state* after the user's."""
    found = state.get("messages") if isinstance(state, Mapping) else state
    messages: list[BaseMessage] = []
    for given in found if isinstance(found, list) else [found]:
        message = _message(given)
        if isinstance(message, HumanMessage):
            messages.clear()
        elif message is not None:
            messages.append(message)
    return messages


def by_others(state: object, given: object) -> list[BaseMessage]:
    """The newest message of *state*, if it is neither the assistant's nor a prompt, nor
    says what one says that was *given*."""
    found, before = messages_in(state)[-1:], messages_in(given)
    known = {each.text for each in before}
    return [
        each
        for each in found
        if not isinstance(each, AIMessage | SystemMessage) and each.text not in known
    ]


def _message(given: object) -> BaseMessage | None:
    if isinstance(given, BaseMessage):
        return given
    if not isinstance(given, dict | tuple):
        return None
    try:
        return (
            message_of(given)
            if isinstance(given, dict)
            else convert_to_messages([given])[0]
        )
    except Exception:
        return None  # A dictionary or a pair may be anything.


def message_of(fields: dict[str, object]) -> BaseMessage | None:
    """The message that a remote graph has sent as JSON."""
    match fields.get("type"):
        case "AIMessageChunk":
            return AIMessageChunk.model_validate(fields)
        case "tool":
            return ToolMessage.model_validate(fields)
        case "ai":
            return AIMessage.model_validate(fields)
        case "human" | "system":
            return convert_to_messages([fields])[0]
        case _:
            return convert_to_messages([fields])[0] if "role" in fields else None


def read(state: object) -> object:
    """The *state* of a remote graph, whose messages are JSON, with real ones."""
    given = state.get("messages") if isinstance(state, Mapping) else None
    if not isinstance(state, Mapping) or not isinstance(given, list):
        return state
    messages = [_message(each) for each in given]
    return state if None in messages else {**state, "messages": messages}


def is_update(chunk: Mapping[str, object]) -> bool:
    """Whether *chunk* is what a graph's nodes have changed, by their names."""
    return any(map(messages_in, chunk.values()))


def updates(payload: Mapping[str, object]) -> Iterator[Mapping[object, object]]:
    """What each node of *payload* has changed, some of which in several commands."""
    for update in payload.values():
        for each in update if isinstance(update, list) else [update]:
            if isinstance(each, Mapping):
                yield each
        if messages := messages_in(update) if isinstance(update, list) else []:
            yield {"messages": messages}


def changes(update: Mapping[object, object]) -> list[BaseMessage]:
    """What an *update* has for the messages of a state; all that it overwrites is
    removed."""
    found = update.get("messages")
    if isinstance(found, Mapping) and OVERWRITE in found:
        found = found[OVERWRITE]
    elif type(found).__name__ == "Overwrite":
        found = getattr(found, "value", None)
    else:
        return messages_in(update)
    return [RemoveMessage(id=ALL_MESSAGES), *messages_in(found)]


def is_interrupt(payload: object) -> bool:
    """Whether a graph says with *payload* that it waits for a person."""
    return isinstance(payload, Mapping) and INTERRUPT in payload


def check_that_it_ends(payload: object, message: str | None = None) -> None:
    """Raise `ThreadRequired` if a graph that keeps no state waits for a person."""
    if is_interrupt(payload):
        raise ThreadRequired(message)


def put_out(state: object, names: Sequence[str] | None) -> object:
    """What a graph gives as its result: those *names* of its *state*, or all."""
    if names is None or not isinstance(state, Mapping):
        return state
    return {name: state[name] for name in names if name in state}


def structured_response(state: object) -> object:
    """What agents with a `response_format` have beside their messages."""
    return state.get("structured_response") if isinstance(state, Mapping) else None


def _is_same(value: object, before: object) -> bool:
    # What is of another type may not be comparable.
    return value is before or (type(value) is type(before) and value == before)


def said(state: object) -> object:
    """The text of a *state*'s newest message, else its answer."""
    messages = newest(state)
    return messages[-1].text if messages else answer(state, None)


def answer(state: object, given: object) -> object:
    """The answer of a *state* without messages; a string if it is text."""
    if not isinstance(state, Mapping):
        is_said = state is None or isinstance(state, BaseMessage)
        return NOTHING if is_said or messages_in(state) else state
    if "messages" in state:
        return NOTHING
    before = given if isinstance(given, Mapping) else {}
    new = {
        key: value
        for key, value in state.items()
        if not (key in before and _is_same(value, before[key]))
    }
    new.pop("structured_response", None)
    for name in ANSWERS:
        if isinstance(new.get(name), str):
            return new[name]
    if len(new) == 1:
        return next(iter(new.values()))
    return new or NOTHING
