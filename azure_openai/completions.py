"""Chat completions as plain dictionaries, straight from the backends.

A stream's request and its chunks pass through neither the SDK nor httpx2, which cost
more than everything else together. What is raised is what the SDK would raise, and
anything that does not stream is the SDK's.
"""

import json
from collections.abc import Mapping
from inspect import signature
from typing import Any

import httpx2
import openai
import orjson
from pydantic import BaseModel

from azure_openai import backends, transport
from azure_openai.attempt import Attempt, JsonRequest
from azure_openai.chunk_stream import ChunkStream
from azure_openai.connection import Timeouts, connector
from azure_openai.failover import first_answer
from azure_openai.transport import SdkErrors
from settings import Settings
from streaming.errors import RateLimited
from streaming.upstream_errors import (
    UpstreamAuth,
    UpstreamError,
    UpstreamTimeout,
)

PATH = "chat/completions"

PARAMETERS = signature(
    openai.resources.chat.completions.AsyncCompletions.create
).parameters.keys()
"""What the SDK's `create` takes; it raises `TypeError` for anything else."""

ExtraHeaders = Mapping[str, str | openai.Omit]
ExtraQuery = Mapping[str, object]
CallTimeout = (
    float
    | tuple[float | None, float | None, float | None, float | None]
    | httpx2.Timeout
    | None
)


class Completions:
    """Stands in for the `chat.completions` of *client*; streams dictionaries."""

    def __init__(self, client: openai.AsyncOpenAI, settings: Settings) -> None:
        self._client, self._settings = client, settings
        self._completions = client.chat.completions
        self._backends = backends.of(settings)
        self._connect = connector(settings)
        self._limits = transport.attempt_limits(settings, streamed=True)
        self._timeouts = transport.default_timeouts(settings)
        self._query = client.qs.stringify(_without_omitted(client.default_query))
        self._default_headers: list[tuple[str, str]] | None = None
        client.platform_headers()  # They are looked up once, which blocks.

    def __getattr__(self, name: str) -> object:
        return getattr(self._completions, name)

    async def create(self, **payload: Any) -> object:
        """As the SDK's; with `stream=True` a `ChunkStream` that is already open."""
        if not payload.get("stream") or not payload.keys() <= PARAMETERS:
            return await self._completions.create(**payload)
        request = self._request(**payload)
        attempt = Attempt(self._connect(), request)
        errors = SdkErrors(self._client, self._settings, attempt, request)
        try:
            reply = await first_answer(self._backends, attempt, self._limits)
            if not 200 <= reply.status < 300:
                raise await errors.of_status(reply)
        except UpstreamAuth:
            raise
        except RateLimited as exc:
            raise errors.busy(exc) from exc
        except (UpstreamTimeout, UpstreamError) as exc:
            raise errors.lost(exc) from exc
        return ChunkStream(reply, errors, attempt.upstream)

    def _request(
        self,
        *,
        extra_headers: ExtraHeaders | None = None,
        extra_query: ExtraQuery | None = None,
        extra_body: Mapping[str, object] | None = None,
        timeout: CallTimeout | openai.NotGiven = openai.not_given,
        **payload: object,
    ) -> JsonRequest:
        query, timeouts = self._query, self._timeouts
        if extra_query:
            given = _without_omitted({**self._client.default_query, **extra_query})
            query = self._client.qs.stringify(given)
        if not isinstance(timeout, openai.NotGiven):
            timeouts = _timeouts(timeout)
        return JsonRequest(
            path=f"{PATH}?{query}" if query else PATH,
            headers=self._headers(extra_headers or {}, timeouts.read),
            content=_dumps(_without_omitted({**payload, **(extra_body or {})})),
            streamed=True,
            timeouts=timeouts,
        )

    def _headers(
        self, given: ExtraHeaders, read: float | None
    ) -> list[tuple[str, str]]:
        if self._default_headers is None:
            self._default_headers = self._merged({}, self._timeouts.read)
        if not given and read == self._timeouts.read:
            return self._default_headers
        return self._merged(given, read)

    def _merged(self, given: ExtraHeaders, read: float | None) -> list[tuple[str, str]]:
        limit = openai.omit if read is None else str(read)
        headers = {
            **self._client.default_headers,
            "x-stainless-retry-count": "0",
            "x-stainless-read-timeout": limit,
        }
        merged = {name.lower(): value for name, value in headers.items()}
        merged |= {name.lower(): value for name, value in given.items()}
        return [
            (name, value) for name, value in merged.items() if isinstance(value, str)
        ]


def _without_omitted(values: Mapping[str, object]) -> dict[str, Any]:
    omitted = (openai.Omit, openai.NotGiven)
    return {
        name: value for name, value in values.items() if not isinstance(value, omitted)
    }


def _timeouts(timeout: CallTimeout) -> Timeouts:
    if timeout is None or isinstance(timeout, int | float):
        return Timeouts(timeout, timeout)
    if isinstance(timeout, tuple):
        timeout = httpx2.Timeout(timeout)
    return Timeouts(timeout.connect, timeout.read)


def _dumps(body: dict[str, object]) -> bytes:
    try:
        return orjson.dumps(body)
    except TypeError:
        # An integer of more than 64 bits, half a surrogate pair, or what the SDK knows.
        return json.dumps(body, separators=(",", ":"), default=_plain).encode()


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_unset=True)
    raise TypeError(f"a {type(value).__name__} is no JSON")
