"""What is sent upstream for a caller's request: its bytes, at an address of ours."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple
from urllib.parse import urlencode

import orjson

from azure_openai.refusals import Fitting, Refusals, refuses
from proxy import headers, json_text
from runs.model_call import parameters
from settings import Settings, names
from settings.backends import Backend
from streaming.errors import InvalidRequest, NotConfigured, UnknownModel, invalid
from streaming.requests import end_user

Operation = Literal["chat/completions", "embeddings", "responses"]

STREAMED: tuple[Operation, ...] = ("chat/completions", "responses")
"""The operations whose answers may be streams."""

V1_RESPONSES = f"{names.V1}/responses"
"""Where Azure has the Responses API, seen from the resource; it has no versions."""

# Never in a path; it is what the request's `model` must be.
_MODEL_NAME = re.compile(r"[\x20-\x7e]{1,200}")

# Names of the v1 API's versions, which are no version of this one.
_V1 = ("v1", "preview", "latest")

USAGE_SINCE = "2024-09-01"
"""The date of the first API version that knows `stream_options`."""

QUERY = (
    *("stream", "starting_after", "include_obfuscation", "include", "include[]"),
    *("limit", "order", "after", "before"),
)
"""What may be asked of a response that was made before: the rest of a query is about
this server, and may have its key."""

ASKING = "stream_options"
"""The field that asks for usage."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request to the upstream; `path` is what follows a backend's own address.

    `provider`, as LangChain names it, and `parameters` are for the record; `can_ask` is
    whether usage may be asked for, which the caller has not done, `own_version` whether
    the API's version is this server's, not one that the caller has named.
    """

    operation: Operation
    provider: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes
    parameters: dict[str, float]
    streamed: bool
    can_ask: bool
    own_version: bool
    end_user: str | None

    method: Literal["DELETE", "GET", "POST"] = "POST"
    timeouts = None  # The run's own limits end what takes too long.

    @property
    def size(self) -> int:
        return len(self.body)

    def fit(self, backend: Backend, refusals: Refusals) -> Fitting:
        body = self.body
        named_in_path = not backend.v1 and self.operation != "responses"
        if body and self.provider == "azure" and not named_in_path:
            body = _for_model(body, json_text.members(body), backend.deployment)
        return SplicedBody(body, backend.deployment, refusals, can_ask=self.can_ask)


class SplicedBody:
    """A proxied *body*: the caller's bytes, with `stream_options` if *can_ask*."""

    def __init__(
        self, body: bytes, model: str, refusals: Refusals, *, can_ask: bool
    ) -> None:
        self._body, self._model, self._refusals = body, model, refusals
        self._refused = False
        self.amendable = can_ask and not refusals.left_out(model, ASKING)
        self.content = body
        if self.amendable:
            self.content = json_text.with_member(body, json_text.USAGE)

    def amend(self, said: bytes) -> bool:
        if not (self.amendable and refuses(said, ASKING)):
            return False
        self.amendable, self._refused = False, True
        self.content = self._body
        return True

    def accepted(self) -> None:
        if self._refused:  # Else it was not that field which was wrong.
            self._refusals.learn(self._model, {ASKING: None})


def build(
    settings: Settings,
    body: bytes,
    given: Mapping[str, str],
    query: Mapping[str, str],
    *,
    operation: Operation,
    deployment: str,
) -> Outgoing:
    """The request to send; raises a `ChatError` if none can be made."""
    read = json_text.members(body)
    members = read or {}
    if not settings.model_configured:
        raise NotConfigured()
    _check(names.DEPLOYMENT if settings.azure else _MODEL_NAME, deployment)
    api = _api(settings, operation, query)
    if not settings.azure:
        body = _for_model(body, read, deployment)
    streamed = operation in STREAMED and members.get("stream") is True
    free = not {ASKING, "data_sources"} & members.keys()
    sent = list(headers.forwarded(given))
    if not any(name == "content-type" for name, _ in sent):
        sent.append(("content-type", "application/json"))
    return Outgoing(
        operation=operation,
        provider="azure" if settings.azure else "openai",
        path=api.path,
        headers=sent,
        body=body,
        parameters=parameters(members),
        streamed=streamed,
        can_ask=streamed and free and api.knows_usage,
        own_version=api.own_version,
        end_user=end_user(members.get("user")),
    )


def of_response(
    settings: Settings,
    given: Mapping[str, str],
    query: Sequence[tuple[str, str]],
    *,
    method: Literal["DELETE", "GET", "POST"],
    path: str,
) -> Outgoing:
    """The request about a response that was made before; *path* begins with its id."""
    asked = [(name, value) for name, value in query if name in QUERY]
    base = V1_RESPONSES if settings.azure else "responses"
    address = f"{base}/{path}"
    if asked:
        address += f"?{urlencode(asked)}"
    return Outgoing(
        operation="responses",
        provider="azure" if settings.azure else "openai",
        path=address,
        headers=list(headers.forwarded(given)),
        body=b"",
        parameters={},
        streamed=("stream", "true") in asked,
        can_ask=False,
        own_version=True,
        end_user=None,
        method=method,
    )


class _Api(NamedTuple):
    """Where an operation is asked for, and what is known of the API there."""

    path: str
    knows_usage: bool
    own_version: bool = True


def _api(settings: Settings, operation: Operation, query: Mapping[str, str]) -> _Api:
    if not settings.azure:
        return _Api(operation, knows_usage=operation == "chat/completions")
    if operation == "responses":
        return _Api(V1_RESPONSES, knows_usage=False)
    version = _api_version(query, settings)
    return _Api(
        f"{operation}?api-version={version}",
        knows_usage=version[:10] >= USAGE_SINCE,
        own_version=version == settings.azure_openai_api_version,
    )


def _check(pattern: re.Pattern[str], deployment: str) -> None:
    if not pattern.fullmatch(deployment):
        message = f"There is no deployment {deployment[:100]!r} here."
        raise UnknownModel(message, param="model")


def _api_version(query: Mapping[str, str], settings: Settings) -> str:
    version = query.get("api-version") or settings.azure_openai_api_version
    if version in _V1:
        version = settings.azure_openai_api_version
    if not names.API_VERSION.fullmatch(version):
        raise invalid("api-version", "expected a date such as 2024-10-21")
    return version


def _for_model(
    body: bytes, members: Mapping[str, object] | None, deployment: str
) -> bytes:
    """*body*, naming *deployment* as its model whatever it named.

    An OpenAI-compatible server reads the model from the body, never from the path.
    """
    name = orjson.dumps(deployment)
    try:
        if members is None:
            raise ValueError("no object")
        # Some servers take the first of equal names, and some take them in any case.
        body = json_text.with_value(body, "model", name, given="model" in members)
    except (ValueError, IndexError, RecursionError):
        # What cannot be read here may be read there: as another model's name.
        raise InvalidRequest("The body is not a JSON object in UTF-8.") from None
    if "model" in members:
        return body
    return json_text.with_member(body, b'"model":' + name)
