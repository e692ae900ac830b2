"""The request, whatever the wire: untrusted input, validated once, here."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    FailFast,
    Field,
    JsonValue,
    StringConstraints,
    ValidationError,
    model_validator,
)

from streaming.caller_tools import CallerTools
from streaming.errors import InvalidRequest
from streaming.field_names import named
from streaming.thread_id import ThreadId

ResponseId = Annotated[str, StringConstraints(pattern=r"^resp_[0-9a-f]{32}$")]
Metadata = Annotated[
    dict[
        Annotated[str, StringConstraints(min_length=1, max_length=64)],
        Annotated[str, StringConstraints(max_length=512)],
    ],
    Field(max_length=16),
]
Role = Literal["system", "developer", "user", "assistant", "tool"]
Text = Annotated[str, StringConstraints(min_length=1)]
LimitField = Literal["max_tokens", "max_completion_tokens"]

LONGEST_END_USER = 512

EndUser = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_END_USER)]

OF_CHAINS = ("inputs", "thread_id", "resume", "on_disconnect", "metadata")
"""Fields for a chain, which have the same names on every wire."""


MAX_FIELDS = 100
"""The most fields of one object: each unknown field makes an error of its own."""


class _Frozen(BaseModel):
    """A field that is `None` is not given."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _has_fields_to_count(cls, given: object) -> object:
        if not isinstance(given, dict):
            return given
        if len(given) > MAX_FIELDS:
            raise ValueError(f"more than {MAX_FIELDS} fields")
        return {name: value for name, value in given.items() if value is not None}


LANGCHAINS = ("base64", "file_id", "source_type", "url")
"""Fields by which LangChain would take a part for one of its own kinds."""


class ContentPart(BaseModel):
    """One part of a message, as OpenAI has them: text, image_url, input_audio, file."""

    model_config = ConfigDict(frozen=True, strict=True, extra="allow")

    type: Literal["text", "image_url", "input_audio", "file", "refusal"]
    text: str | None = None
    refusal: str | None = None
    image_url: dict[str, object] | None = None
    input_audio: dict[str, object] | None = None
    file: dict[str, object] | None = None

    @model_validator(mode="before")
    @classmethod
    def _is_of_one_type(cls, given: object) -> object:
        if not isinstance(given, dict):
            return given
        others = (*cls.model_fields.keys() - {"type", given.get("type")}, *LANGCHAINS)
        return {name: value for name, value in given.items() if name not in others}

    @model_validator(mode="after")
    def _has_what_its_type_says(self) -> Self:
        if getattr(self, self.type) is None:
            raise ValueError(f"a part of type {self.type!r} needs {self.type!r}")
        return self


class FunctionCall(_Frozen):
    """The function that an assistant's message calls; `arguments` is JSON text."""

    name: Text
    arguments: str = ""


class ToolCallRequest(_Frozen):
    """A tool call of an earlier answer, handed back."""

    id: Text
    type: Literal["function"] = "function"
    function: FunctionCall


class Message(_Frozen):
    """One turn of the conversation, in OpenAI's shape.

    `id` is what those call it who tell messages apart.
    """

    id: Text | None = None
    role: Role
    content: str | Annotated[list[ContentPart], FailFast()] | None = None
    name: Text | None = None
    tool_call_id: Text | None = None
    tool_calls: Annotated[list[ToolCallRequest], FailFast()] | None = None

    @property
    def text(self) -> str:
        """The text of all parts together."""
        if isinstance(self.content, list):
            return "".join(part.text or "" for part in self.content)
        return self.content or ""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.content is None and not self.tool_calls:
            raise ValueError("'content' is missing")
        if self.tool_calls and self.role != "assistant":
            raise ValueError("'tool_calls' belongs to role 'assistant'")
        if self.role == "tool" and not self.tool_call_id:
            raise ValueError("role 'tool' needs 'tool_call_id'")
        return self


class Sampling(_Frozen):
    """How the model is to choose its words; what is `None` is the model's default."""

    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    max_tokens: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    stop: Text | Annotated[list[Text], Field(min_length=1, max_length=4)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), le=2**63 - 1)] | None = None


class AsResponse(_Frozen):
    """What OpenAI's Responses API has beside the conversation.

    `items` are the input as it was given, `instructions` the message before it. A
    response that is not to `store` has no log; one in the `background` is answered by
    what can be asked for later. `after` is the number of the last event that the caller
    has seen.
    """

    items: list[dict[str, JsonValue]] = Field(default_factory=list)
    instructions: str | None = None
    previous_response_id: ResponseId | None = None
    store: bool = True
    background: bool = False
    after: int = -1

    @model_validator(mode="after")
    def _is_kept_to_be_asked_for(self) -> Self:
        if self.background and not self.store:
            raise ValueError("background: goes with 'store' alone")
        return self


class ChatRequest(_Frozen):
    """A conversation to go on with; `chain` is `None` for the default one.

    `inputs` are the chain's own variables that are no conversation. With a `thread_id`
    the messages are only what is new there; with `resume`, which answers what is
    pending there, there are none. A `resume` that is `by_id` has answers by the ids of
    what was asked, even if it is one answer. `end_user` is whom the caller asks for.

    `include_usage` is for a dialect whose stream has its usage only on request,
    `limit_name` for one with two names for the sampling's `max_tokens`: the caller's.
    `steps` is whether it tells of a graph's nodes.
    `continues` is the id of the message that the answer is to go on with, for one whose
    messages have ids, `chat` that of the page's conversation. `whole` says that a
    thread has all messages up to the last answer already, `replaces` that the messages
    are all that a thread is to have, `again` that the user's last message takes the
    place of one that the thread has, and of what came after it. `echo` has what the
    answer repeats, by its names on the wire. `id`, `run_id` and `created`, in seconds
    since 1970, are set by the server.
    """

    messages: Annotated[list[Message], FailFast()]
    chain: Text | None = None
    stream: bool = True
    sampling: Sampling = Sampling()
    inputs: dict[Text, JsonValue] = Field(default_factory=dict, max_length=MAX_FIELDS)
    caller_tools: CallerTools = CallerTools()
    thread_id: ThreadId | None = None
    resume: JsonValue = None
    by_id: bool = False
    on_disconnect: Literal["cancel", "continue"] = "cancel"
    metadata: Metadata = Field(default_factory=dict)
    end_user: EndUser | None = None
    include_usage: bool = False
    limit_name: LimitField | None = None
    continues: Text | None = None
    whole: bool = False
    replaces: bool = False
    again: bool = False
    steps: bool = False
    echo: dict[str, str] = Field(default_factory=dict)
    response: AsResponse = AsResponse()
    chat: str | None = None
    id: str = ""
    run_id: str = ""
    created: int = 0

    @model_validator(mode="after")
    def _someone_waits_for_an_answer(self) -> Self:
        if self.resume is not None:
            if self.messages:
                raise ValueError("resume: goes without 'user' and 'messages'")
            if self.thread_id is None:
                raise ValueError("resume: needs the 'thread_id' of what is pending")
            return self
        if not self.messages:
            raise ValueError("messages: expected one at least")
        if self.messages[-1].role == "assistant":
            raise ValueError("messages: the last one must not be the assistant's")
        return self


_FIELDS = {
    name
    for model in (
        ChatRequest,
        Message,
        ContentPart,
        ToolCallRequest,
        FunctionCall,
        Sampling,
        CallerTools,
        AsResponse,
    )
    for name in model.model_fields
} - {"sampling", "caller_tools", "response"}


def only(names: Iterable[str], fields: Mapping[str, object]) -> dict[str, object]:
    """Of *fields* those of the *names* that are there."""
    return {name: fields[name] for name in names if name in fields}


def end_user(user: object) -> str | None:
    """OpenAI's *user*, which clients fill with anything."""
    return user[:LONGEST_END_USER] or None if isinstance(user, str) else None


def validate(
    fields: dict[str, object], names: Mapping[str, str] | None = None
) -> ChatRequest:
    """Build a request from untrusted *fields*; `InvalidRequest` names what is wrong, by
    the wire's own *names* if it has others."""
    try:
        return ChatRequest.model_validate(fields)
    except ValidationError as exc:
        message = _explain(exc)
        field, colon, _ = message.partition(": ")
        param = field if colon and " " not in field else None
        raise named(InvalidRequest(message, param=param), names or {}) from None


def _explain(exc: ValidationError) -> str:
    errors = exc.errors(include_url=False, include_context=False, include_input=False)
    sentences = (
        _sentence(each["type"], each["loc"], each["msg"]) for each in errors[:5]
    )
    return "; ".join(dict.fromkeys(sentences))


def _sentence(kind: str, location: tuple[int | str, ...], message: str) -> str:
    unknown = kind == "extra_forbidden"
    # A union's branches are in the path too; they mean nothing to the caller.
    path = [
        str(part)[:100]
        for part in location
        if isinstance(part, int) or part in _FIELDS or unknown
    ]
    message = message.removeprefix("Value error, ")
    field = ".".join(path)[:200] or ("" if ": " in message else "The body")
    match kind:
        case "missing":
            message = "is missing"
        case "extra_forbidden":
            message = "is not a known field"
    return f"{field}: {message}" if field else message
