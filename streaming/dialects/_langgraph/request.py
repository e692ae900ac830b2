"""What a client of the LangGraph SDK asks of a run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from streaming import requests, sse
from streaming.dialects._langgraph.posted import to_messages
from streaming.errors import NotYet, invalid
from streaming.openai_form import Form
from streaming.requests import ChatRequest

MODES = ("values", "updates", "messages", "messages-tuple", "custom")
_UNTOLD = ("events", "tasks", "checkpoints", "debug", "tools", "lifecycle")
NAMES = {
    "messages": "input.messages",
    "resume": "command.resume",
    "inputs": "input",
}
"""Fields of a `ChatRequest` by their names on this wire."""

_STRATEGIES = ("reject", "interrupt", "rollback", "enqueue")
DEFAULT = ("values", "updates", "messages-tuple", "custom")
"""The modes of a run that was begun on another wire."""

_UNDONE = (
    *("after_seconds", "context", "feedback_keys"),
    *("interrupt_after", "interrupt_before", "webhook"),
)
"""What the SDK can ask of a run, and no run here does."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A *checkpoint* before the newest one, and the *questions* up to it, the last of
    which it *asks* if nothing has answered that."""

    checkpoint: str
    questions: list[Form]
    asks: bool


@dataclass(frozen=True, slots=True)
class PostedInput:
    """The *messages* of an input, and its other *values*; one that does not *speak* has
    no messages of its own, and its first text is one."""

    values: Mapping[str, object]
    messages: list[Form]
    speaks: bool


@dataclass(frozen=True, slots=True)
class RunAsked:
    assistant: str | None
    modes: tuple[str, ...]
    input: PostedInput | None
    resume: JsonValue
    on_disconnect: Literal["cancel", "continue"]
    metadata: dict[str, str]
    checkpoint: str | None
    creates: bool
    subgraphs: bool

    @property
    def brings_nothing(self) -> bool:
        """Whether the run goes on from what is there, as after one that has failed."""
        return self.input is None and self.resume is None

    def request(
        self,
        *,
        chain: str,
        thread_id: str | None,
        known: Iterable[object],
        earlier: Earlier | None,
        variables: Mapping[str, object],
        keeps: bool,
        streamed: bool,
    ) -> ChatRequest:
        """The run, without messages that are *known* on its thread by their ids; it may
        go on from an *earlier* checkpoint.

        Of the input the chain gets what its *variables*, a JSON schema, name. What
        *keeps* a state of its own need not have messages.
        """
        given = self.input or PostedInput({}, [], speaks=False)
        new = [each for each in given.messages if each["id"] not in known]
        if given.messages and not new and self.resume is None:
            raise invalid("input.messages", "the thread has each of them already")
        echo = {"modes": ",".join(self.modes)}
        if self.subgraphs:
            echo["subgraphs"] = "true"
        posted = new
        if earlier is not None:
            echo["from"] = earlier.checkpoint
            posted = [*earlier.questions, *new] if new or earlier.asks else []
        if self.input is not None:
            said = {"messages": new} if given.speaks or not keeps else {}
            echo["given"] = sse.dumps({**given.values, **said}).decode()
        return requests.validate(
            {
                "messages": [] if self.resume is not None else posted,
                "again": earlier is not None,
                "chain": chain,
                "stream": streamed,
                "inputs": _taken(given.values, variables),
                "thread_id": thread_id,
                "resume": self.resume,
                "on_disconnect": self.on_disconnect,
                "metadata": self.metadata,
                "steps": True,
                "echo": echo,
            },
            NAMES,
        )


def read(body: Mapping[str, object]) -> RunAsked:
    """Raises `NotYet` for what cannot be told or done truly."""
    fields = {name: value for name, value in body.items() if value is not None}
    for name in _UNDONE:
        if fields.get(name):
            raise NotYet(f"{name}: no run here does that; leave it out.")
    if one_of(fields, "multitask_strategy", _STRATEGIES) not in (None, "reject"):
        raise NotYet("multitask_strategy: a thread that is busy rejects a run.")
    if one_of(fields, "on_completion", ("delete", "keep")) == "keep":
        raise NotYet("on_completion: without a thread nothing is kept here.")
    resumable = fields.get("stream_resumable") is True
    leaving = one_of(fields, "on_disconnect", ("cancel", "continue"))
    goes_on = leaving == "continue" or (leaving is None and resumable)
    assistant = fields.get("assistant_id")
    return RunAsked(
        assistant=str(assistant) if assistant else None,
        modes=modes(fields.get("stream_mode")),
        input=_input(fields.get("input")),
        resume=_resume(fields.get("command")),
        on_disconnect="continue" if goes_on else "cancel",
        metadata=_metadata(fields.get("metadata")),
        checkpoint=checkpoint_of(fields),
        creates=one_of(fields, "if_not_exists", ("create", "reject")) == "create",
        subgraphs=fields.get("stream_subgraphs") is True,
    )


def one_of(
    given: Mapping[str, object], name: str, choices: tuple[str, ...]
) -> str | None:
    """The word at *name*, if there is one; raises `InvalidRequest` for any other."""
    word = given.get(name)
    if word is None or (isinstance(word, str) and word in choices):
        return word
    raise invalid(name, f"expected one of {', '.join(choices)}")


def modes(given: object) -> tuple[str, ...]:
    names = [given] if isinstance(given, str) else given or ["values"]
    if not isinstance(names, list) or None in names:
        raise invalid("stream_mode", "expected a name or a list")
    for name in names:
        if one_of({"stream_mode": name}, "stream_mode", (*MODES, *_UNTOLD)) in _UNTOLD:
            known = ", ".join(MODES)
            message = f"{name!r} cannot be told here, expected one of {known}."
            raise NotYet(f"stream_mode: {message}")
    return tuple(dict.fromkeys(names))


def checkpoint_of(fields: Mapping[str, object]) -> str | None:
    match fields:
        case {"checkpoint": {"checkpoint_id": str(id)}} | {"checkpoint_id": str(id)}:
            return id
    return None


def _taken(
    given: Mapping[str, object], schema: Mapping[str, object]
) -> Mapping[str, object]:
    """As LangGraph does, what the chain does not know is passed over."""
    known = schema.get("properties")
    names = known if isinstance(known, dict) else {}
    if schema.get("additionalProperties"):
        return given
    return {name: value for name, value in given.items() if name in names}


def _input(given: object) -> PostedInput | None:
    if given is None:
        return None
    if not isinstance(given, dict):
        return PostedInput({}, to_messages(given), speaks=True)
    rest = {name: value for name, value in given.items() if value is not None}
    if (messages := rest.pop("messages", None)) is not None:
        return PostedInput(rest, to_messages(messages), speaks=True)
    texts = [value for value in rest.values() if isinstance(value, str) and value]
    return PostedInput(rest, to_messages(texts[:1]), speaks=False)


def _resume(given: object) -> JsonValue:
    if given is None:
        return None
    if not isinstance(given, dict):
        raise invalid("command", "expected an object")
    command: Mapping[str, JsonValue] = given
    for name in ("goto", "update", "graph"):
        if command.get(name):
            raise NotYet(f"command.{name}: a graph goes on by `resume` alone here.")
    if (resume := command.get("resume")) is None:
        raise invalid("command.resume", "expected a value")
    return resume


def _metadata(given: object) -> dict[str, str]:
    """As many as a record has, of those that are texts and numbers."""
    if not isinstance(given, dict):
        return {}
    plain = [(k, v) for k, v in given.items() if isinstance(v, str | int | float)]
    return {key[:64]: str(value)[:512] for key, value in plain[:16] if key}
