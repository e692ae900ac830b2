"""OpenAI's Responses API, which shows what a reasoning model thinks."""

import re
from functools import cache
from inspect import signature

import openai
from langchain_core.messages import AIMessage, BaseMessage

from azure_openai import transport
from runnables.callback import Fields, Json

# The last is how Azure says that a model has no chat completions.
_NAMED = re.compile(
    r"\bv1/responses\b|\bresponses api\b|\bchatCompletion operation does not work\b",
    re.IGNORECASE,
)

SILENTLY_DROPPED = ("stop", "temperature")
"""What LangChain leaves out; here the server refuses it, if it does."""


def is_named_by(exc: Exception) -> bool:
    """Whether *exc* refuses a request that the Responses API would take."""
    if not isinstance(exc, openai.BadRequestError | openai.NotFoundError):
        return False
    return _NAMED.search(exc.message[:1000]) is not None


def is_payload(payload: Json) -> bool:
    return "messages" not in payload


def note_answerer(message: BaseMessage, *, begins: bool = True) -> None:
    """Have *message*, if it *begins* an answer, name the backend that gives it; and
    note that the model reasons, if it has counted that."""
    if begins:
        message.response_metadata["upstream"] = transport.answered.get()
    usage = message.usage_metadata if isinstance(message, AIMessage) else None
    if usage and usage.get("output_token_details", {}).get("reasoning"):
        transport.note_reasoning()


def with_form(given: Fields) -> Fields:
    """*given*, with an answer's form in the field that LangChain translates."""
    extra = given.get("extra_body")
    if not extra or "response_format" not in extra:
        return given
    rest = {name: value for name, value in extra.items() if name != "response_format"}
    form = {"response_format": extra["response_format"]}
    return {**given, **form, "extra_body": rest or None}


def completed(payload: Fields, given: Json) -> Fields:
    """LangChain's *payload*, with all that the caller has *given*.

    The answer is not stored there, so reasoning goes back and forth encrypted. A server
    that knows no reasoning for its model is asked again without.
    """
    dropped = {n: given[n] for n in SILENTLY_DROPPED if given.get(n) is not None}
    payload = {"store": False, "include": ["reasoning.encrypted_content"], **payload}
    payload["reasoning"] = {"summary": "auto", **(payload.get("reasoning") or {})}
    payload |= dropped
    unknown = {name: payload.pop(name) for name in payload.keys() - _parameters()}
    if unknown:
        payload["extra_body"] = {**(payload.get("extra_body") or {}), **unknown}
    return payload


@cache
def _parameters() -> frozenset[str]:
    # Few ever need it, and it takes a tenth of a second to import.
    from openai.resources.responses import AsyncResponses

    create = signature(AsyncResponses.create).parameters
    return frozenset(create.keys() & signature(AsyncResponses.parse).parameters.keys())
