"""OpenAI's Responses API, and Open Responses, which others speak too.

See: https://platform.openai.com/docs/api-reference/responses
"""

from collections.abc import AsyncGenerator, Iterable

from streaming.dialects import _answer
from streaming.dialects._answer import Fields, keep_alive
from streaming.dialects.json import headers
from streaming.dialects.openai import error as openai_error
from streaming.dialects.responses.request import NAMES, parse
from streaming.dialects.responses.response import ResponseWriter
from streaming.errors import ChatError, InvalidRequest, TooLarge
from streaming.events import Event
from streaming.field_names import named
from streaming.requests import ChatRequest
from streaming.settled import without_withdrawn

__all__ = ["NUMBERED", "encode", "error", "headers", "keep_alive", "parse"]

NUMBERED = False
"""The wire numbers its own events, and several may stand for one of the run."""


def error(error: ChatError, request_id: str) -> bytes:
    names_a_field = isinstance(error, InvalidRequest | TooLarge)
    return openai_error(named(error, NAMES) if names_a_field else error, request_id)


def encode(
    events: AsyncGenerator[Event], request: ChatRequest
) -> AsyncGenerator[bytes]:
    return _answer.encode(events, ResponseWriter(request), stream=request.stream)


def resource(events: Iterable[Event], request: ChatRequest) -> Fields:
    """The response, as far as its *events* go."""
    response = ResponseWriter(request)
    for event in without_withdrawn(events):
        response.keep(response.written(event))
    return response.resource()
