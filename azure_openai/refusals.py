"""Fields that some backends refuse: sent otherwise once more, and from then on.

The limit on an answer's tokens is one of them, which models know by two names.
"""

import json
import re
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Protocol

from settings import Settings
from settings.backends import Backend
from streaming.requests import LimitField

REASONING = ("o1", "o3", "o4", "gpt-5")
"""How names of reasoning models' deployments usually begin."""

OPENAI = "api.openai.com"
"""All models there take `max_completion_tokens`; many others' servers ignore it."""

asked_limit: ContextVar[LimitField | None] = ContextVar("asked_limit", default=None)
"""The name that this run's caller used; `None` if the caller's wire has only one."""

Changes = dict[str, str | None]

STREAM = "stream"
"""Refused by models that never stream, or only to verified organizations."""

OTHERWISE: Mapping[str, str | None] = {
    STREAM: None,
    "stream_options": None,
    "include": None,
    "reasoning.summary": None,
    "max_tokens": "max_completion_tokens",
    "max_completion_tokens": "max_tokens",
}
"""The other name of a refused field; `None` leaves the field out. A field of a field
has its name after a dot."""

UNMISSED = ("include", "reasoning.summary")
"""What only this server asks for: whatever is wrong with it, it is left out."""

NOT_TAKEN = ("unsupported_parameter", "unsupported_value")
"""Codes of a refusal of the field that it names as `param`."""

STATUSES = (400, 422)

MAX_READ = 64 * 1024
"""Bytes of a refusal in which a field's name is looked for."""

# As OpenAI, Azure, Mistral, vLLM, Groq, Google and LiteLLM word it. A limit that is too
# large must not match: a server that ignores the other name would answer without any.
_UNKNOWN = re.compile(
    r"(?:unsupported|unknown|unrecogni[sz]ed|unexpected|extraneous)"
    r"(?![ _](?:value|error))|extra[ _](?:forbidden|inputs|fields)|"
    r"(?:argument|parameter|field)s?\W+not (?:supported|permitted|allowed)",
    re.IGNORECASE,
)

_REFUSED = r"\W{0,2} (?:is|are) not (?:supported|permitted|allowed(?! to))"
"""What a field's name may be followed by, if the field itself is refused."""


def as_asked(body: Mapping[str, object]) -> Mapping[str, object]:
    """*body* with its token limit by the name that this run's caller used."""
    name = asked_limit.get()
    if name is None or "max_tokens" not in body:
        return body
    return {name if key == "max_tokens" else key: body[key] for key in body}


def usual_limit(settings: Settings, backend: Backend) -> LimitField:
    if settings.azure:
        newer = backend.deployment.lower().startswith(REASONING)
    else:
        newer = f".{backend.host}".endswith(f".{OPENAI}")
    return "max_completion_tokens" if newer else "max_tokens"


class Refusals:
    """What one backend has refused, for each of its models.

    *limit* is the name of the token limit to begin with.
    """

    def __init__(self, limit: LimitField) -> None:
        self._limit = limit
        self._known: dict[str, Changes] = {}

    def fit(self, content: bytes, *, whole: bool = False) -> "Fitted":
        """The body *content* as the backend takes it, as far as that is known.

        *whole* is whether it may do without a stream.
        """
        limit = asked_limit.get() or self._limit
        renamed = limit != "max_tokens" and b'"max_tokens"' in content
        if not (renamed or self._known):
            return Fitted(content, self, whole=whole)  # It need not be decoded.
        body = _decode(content)
        changes = {"max_tokens": limit, **self._known.get(_model(body), {})}
        if not whole:
            changes.pop(STREAM, None)
        return Fitted(_change(content, body, changes), self, whole=whole)

    def left_out(self, model: str, field: str) -> bool:
        """Whether *model* is known to take *field* under no name."""
        return self._known.get(model, {}).get(field, field) is None

    def learn(self, model: str, changes: Changes) -> None:
        known = self._known.setdefault(model, {})
        for field, instead in changes.items():
            if instead is not None:
                known.pop(instead, None)
            known[field] = instead


class Fitting(Protocol):
    """A body as one backend may take it; `content` is what to send."""

    content: bytes

    @property
    def amendable(self) -> bool: ...

    def amend(self, said: bytes) -> bool:
        """Change `content` as the refusal *said* asks; false if nothing can be changed.

        Each field is changed once: if both names are refused, the refusal stands.
        """

    def accepted(self) -> None:
        """The backend has taken `content`: later requests begin with it."""


class Fitted:
    amendable = True

    def __init__(self, content: bytes, refusals: Refusals, *, whole: bool) -> None:
        self.content = content
        self._refusals, self._whole = refusals, whole
        self._changes: Changes = {}

    def amend(self, said: bytes) -> bool:
        body = _decode(self.content)
        changes = {
            field: instead
            for field, instead in OTHERWISE.items()
            if _has(body, field)
            and (instead is None or instead not in self._changes)
            and (field != STREAM or self._whole)
            and refuses(said, field)
        }
        self._changes |= changes
        self.content = _change(self.content, body, changes)
        return bool(changes)

    def accepted(self) -> None:
        if self._changes:  # What was refused for another reason proves nothing.
            self._refusals.learn(_model(_decode(self.content)), self._changes)


def refuses(said: bytes, field: str) -> bool:
    """Whether the refusal *said* rejects *field* itself, not its value."""
    said = said[:MAX_READ]
    if field == "stream_options":
        return field.encode() in said  # Nobody misses what it asks for.
    code, parameter = _code(said), _parameter(said)
    if field in UNMISSED:
        return parameter == field
    if field == STREAM:  # Its name is in many a text.
        return parameter == field and code in NOT_TAKEN
    named = re.compile(rf"\b{field}\b")
    if parameter and not named.search(parameter):
        return False
    if parameter == field and code in NOT_TAKEN:
        return True
    text = said.decode(errors="replace")
    if re.search(rf"\b{field}{_REFUSED}", text, re.IGNORECASE):
        return True
    return bool(named.search(text) and _UNKNOWN.search(text))


def with_model(content: bytes, deployment: str) -> bytes:
    """The body *content*, asking for *deployment*."""
    body = _decode(content)
    if not body or body.get("model") == deployment:
        return content
    return json.dumps({**body, "model": deployment}).encode()


def _parameter(said: bytes) -> str | None:
    found = _error(said).get("param")
    return found if isinstance(found, str) else None


def _code(said: bytes) -> object:
    return _error(said).get("code")


def _error(said: bytes) -> dict[str, object]:
    body = _decode(said)
    error = body.get("error")
    return error if isinstance(error, dict) else body


def _model(body: dict[str, object]) -> str:
    return str(body.get("model"))


def _decode(content: bytes) -> dict[str, object]:
    try:
        # Not orjson, to which an integer of more than 64 bits is a float.
        body = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _has(body: dict[str, object], field: str) -> bool:
    outer, _, inner = field.partition(".")
    fields = body.get(outer)
    return outer in body and (
        not inner or (isinstance(fields, dict) and inner in fields)
    )


def _pop(body: dict[str, object], field: str) -> object:
    outer, _, inner = field.partition(".")
    fields = body.pop(outer)
    if not (inner and isinstance(fields, dict)):
        return fields
    value = fields.pop(inner)
    if fields:
        body[outer] = fields
    return value


def _change(content: bytes, body: dict[str, object], changes: Changes) -> bytes:
    changed = False
    for field, instead in changes.items():
        if not _has(body, field) or field == instead:
            continue
        value, changed = _pop(body, field), True
        if instead is not None:
            body.setdefault(instead, value)
    return json.dumps(body).encode() if changed else content
