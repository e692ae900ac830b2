"""The conversation of a request, whole or as a runnable asks for it."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from uuid import uuid4

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    InvalidToolCall,
    convert_to_messages,
)

from runnables import files, handed_back
from runnables.kinds import TEXT_NAMES
from runnables.shapes import HISTORY_NAMES
from streaming.errors import InvalidRequest
from streaming.requests import ChatRequest, Message


class Absent(KeyError):
    """A chain has looked up what the request does not have."""


class Given(dict[str, object]):
    """What a runnable without a type gets: the messages and the `inputs`.

    As text it is the question, and so are its values by the names of a question.
    `asked` are variables that parts of the runnable take, `brought` what it has of the
    request itself.
    """

    def __init__(self, values: Mapping[str, object]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()
        self.brought = frozenset(values)
        for names in (HISTORY_NAMES, TEXT_NAMES):
            # If there is none, looking it up says so.
            with suppress(InvalidRequest):
                self.know(names)

    def __missing__(self, name: object) -> object:
        if isinstance(name, int | slice):
            return str(self)[name]
        messages = self["messages"] if name != "messages" else None
        if name in TEXT_NAMES and isinstance(messages, list):
            return question(messages)
        if name in HISTORY_NAMES and isinstance(messages, list):
            return before(messages)
        raise Absent(name)

    def know(self, names: Iterable[str]) -> None:
        """Have *names* before they are looked up: a prompt asks which are there."""
        for name in names:
            known = name in TEXT_NAMES or name in HISTORY_NAMES
            self.setdefault(name, self[name if known else TEXT_NAMES[0]])

    def __str__(self) -> str:
        messages = self["messages"]
        return question(messages) if isinstance(messages, list) else ""

    def __getattr__(self, name: str) -> object:
        """What a text has, and a dictionary does not."""
        if name.startswith("_") or not hasattr(str, name):
            kind = type(self).__name__
            raise AttributeError(f"{kind!r} object has no attribute {name!r}")
        return getattr(str(self), name)

    def __add__(self, more: str) -> str:
        return str(self) + more

    def __radd__(self, before: str) -> str:
        return before + str(self)

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


class Talk(list[BaseMessage]):
    """Messages that read as the question, if they are made text."""

    def __str__(self) -> str:
        return question(self)

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


def messages(request: ChatRequest) -> list[BaseMessage]:
    """The conversation; each message has an id, by which a graph knows it again."""
    calls = handed_back.Calls()
    return [_message(index, each, calls) for index, each in enumerate(request.messages)]


def _message(index: int, message: Message, calls: handed_back.Calls) -> BaseMessage:
    fields = {"content": "", **message.model_dump(exclude_none=True, exclude={"id"})}
    if isinstance(content := fields["content"], list):
        where = f"messages.{index}.content"
        fields["content"] = [
            files.typed(part, f"{where}.{number}")
            for number, part in enumerate(content)
        ]
    unreadable: list[InvalidToolCall] = []
    if message.tool_calls:
        fields["tool_calls"], unreadable = calls.read(message.tool_calls)
    try:
        [converted] = convert_to_messages([fields])
    except Exception:
        raise InvalidRequest(
            f"messages.{index}: tool_calls or content is not what a model can be given"
        ) from None
    if isinstance(converted, AIMessage):
        converted.invalid_tool_calls = unreadable
    converted.id = message.id or str(uuid4())
    return converted


def _place(given: list[BaseMessage]) -> int:
    """Where the newest message of the user is."""
    for place in reversed(range(len(given))):
        if isinstance(given[place], HumanMessage):
            return place
    raise InvalidRequest(
        "messages: the chain takes the newest message of the user, and there is none",
        param="messages",
    )


def before(given: list[BaseMessage]) -> list[BaseMessage]:
    return given[: _place(given)]


def earlier(request: ChatRequest) -> list[BaseMessage]:
    return before(messages(request))


def newest(given: list[BaseMessage]) -> BaseMessage:
    return given[_place(given)]


def question(given: list[BaseMessage]) -> str:
    place = _place(given)
    content = given[place].content
    parts_of_it = content if isinstance(content, list) else []
    for number, part in enumerate(parts_of_it):
        if isinstance(part, dict) and part.get("type") != "text":
            raise InvalidRequest(
                f"messages.{place}.content.{number}: the chain takes text alone",
                param="messages",
            )
    return given[place].text
