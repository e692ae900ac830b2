"""What a request asks for: `standin:name key=value …` in its last user message."""

from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict

PREFIX = "standin:"
PARAMETERS = (
    "after",
    "arguments",
    "bytes",
    "cached",
    "calls",
    "delay_ms",
    "end",
    "fields",
    "fin",
    "first_ms",
    "for_ms",
    "most",
    "kind",
    "ms",
    "only",
    "retry_after",
    "retry_after_ms",
    "rounds",
    "size",
    "start",
    "status",
    "tag",
    "text",
    "times",
    "tokens",
    "tool",
    "which",
)
TEXTS = ("arguments", "fields", "kind", "only", "tag", "text", "tool")


class InvalidDirective(ValueError):
    """The test, not the code it tests, is wrong."""


@dataclass(frozen=True, slots=True)
class Directive:
    """A scenario's name and its parameters."""

    name: str = "answer"
    parameters: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str, otherwise: str = "answer") -> Self:
        """The first line of *text* if it is a directive, else the one *otherwise*."""
        if not text.startswith(PREFIX):
            return cls(otherwise)
        name, *pairs = text.partition("\n")[0].removeprefix(PREFIX).split() or [""]
        parameters: dict[str, str] = {}
        for pair in pairs:
            key, equals, value = pair.partition("=")
            if not equals or key not in PARAMETERS:
                raise InvalidDirective(f"{pair!r} is none of {PARAMETERS}")
            parameters[key] = unquote(value)
            if key not in TEXTS and not value.isdigit():
                raise InvalidDirective(f"{pair!r} is not a number")
        return cls(name, parameters)

    @property
    def tag(self) -> str:
        """What a test finds its request by."""
        return self.parameters.get("tag", "")

    def is_for(self, deployment: str) -> bool:
        """Whether *deployment* is one of those in `only`, if there is that."""
        only = self.parameters.get("only")
        return only is None or deployment in only.split(",")

    def number(self, key: str, default: int) -> int:
        """A count."""
        return int(self.parameters.get(key, default))

    def seconds(self, key: str, default: float = 0) -> float:
        """A time, which directives give in milliseconds."""
        return float(self.parameters.get(key, default)) / 1000


class Received(BaseModel):
    """Keeps what it does not know, so that it can be told again."""

    model_config = ConfigDict(extra="allow")


class Part(Received):
    """One part of a message's content; only text says anything here."""

    text: str = ""


class Message(Received):
    """A message of the conversation."""

    role: str
    content: str | list[Part] | None = None

    @property
    def text(self) -> str:
        """Its text, whichever way it was sent."""
        if isinstance(self.content, list):
            return "".join(part.text for part in self.content)
        return self.content or ""


class StreamOptions(BaseModel):
    """What the stream should include."""

    include_usage: bool = False


class ChatRequest(Received):
    """A request's body, as far as it decides the answer."""

    messages: list[Message]
    model: str | None = None
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None

    @property
    def include_usage(self) -> bool:
        """Whether the caller asked for the usage chunk."""
        return self.stream_options is not None and self.stream_options.include_usage

    @property
    def asked(self) -> str:
        """The last user message."""
        users = [message for message in self.messages if message.role == "user"]
        return users[-1].text if users else ""

    @property
    def rounds(self) -> int:
        """The model's own messages since the last user message."""
        roles = [message.role for message in self.messages]
        newest = roles[::-1]
        since = newest.index("user") if "user" in newest else len(newest)
        return newest[:since].count("assistant")

    @property
    def prompt_tokens(self) -> int:
        """The words of the conversation."""
        return sum(len(message.text.split()) for message in self.messages)
