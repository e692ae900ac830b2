"""Streamed completions twice: this project's, and the plain SDK's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import openai
from pydantic import SecretStr

from azure_openai import transport
from azure_openai.completions import Completions
from settings import Settings

Outcome = tuple[list[dict[str, Any]], dict[str, Any] | None]
"""The chunks, and what the error says that ended them."""

VERSION = "2024-10-21"

CHANGING = ("date", "apim-request-id", "x-request-id")
"""Headers of an answer that no other answer has."""


def configured(url: str, key: str, *, azure: bool) -> Settings:
    """The settings of an app that asks *url*."""
    if azure:
        return Settings(
            azure_openai_endpoint=url,
            azure_openai_deployment="gpt-4o",
            azure_openai_api_key=SecretStr(key),
            azure_openai_api_version=VERSION,
        )
    return Settings(
        openai_base_url=f"{url}/v1",
        openai_model="gpt-4o",
        openai_api_key=SecretStr(key),
    )


def sdk(settings: Settings, http_client: httpx2.AsyncClient | None = None) -> Any:
    """The SDK's client of the app's first backend."""
    first = settings.backends[0]
    assert first.api_key is not None
    connect, read = transport.default_timeouts(settings)
    more: dict[str, Any] = {
        "api_key": first.api_key.get_secret_value(),
        "max_retries": 0,
        "timeout": openai.Timeout(read, connect=connect),
        "http_client": http_client,
    }
    if not settings.azure:
        return openai.AsyncOpenAI(base_url=first.endpoint, **more)
    return openai.AsyncAzureOpenAI(
        azure_endpoint=first.endpoint,
        azure_deployment=first.deployment,
        api_version=VERSION,
        **more,
    )


@asynccontextmanager
async def theirs(settings: Settings) -> AsyncIterator[Any]:
    """The SDK's `chat.completions`."""
    async with sdk(settings) as client:
        yield client.chat.completions


@asynccontextmanager
async def ours(settings: Settings) -> AsyncIterator[Any]:
    """What a chain's model has in its place."""
    async with sdk(settings, transport.client(settings)) as client:
        yield Completions(client, settings)


async def outcome(completions: Any, **payload: Any) -> Outcome:
    """What comes of streaming *payload*."""
    chunks: list[dict[str, Any]] = []
    try:
        async with await completions.create(**{**payload, "stream": True}) as stream:
            async for chunk in stream:
                chunks.append(comparable(chunk))
    except Exception as error:
        return chunks, described(error)
    return chunks, None


def comparable(chunk: Any) -> dict[str, Any]:
    """All of *chunk* that another answer has, too."""
    fields = dict(chunk) if isinstance(chunk, dict) else chunk.to_dict()
    for name in ("id", "created", "upstream"):
        fields.pop(name, None)
    for choice in fields.get("choices") or ():
        choice["delta"] = delta = choice.get("delta") or {}
        for piece in delta.get("tool_calls") or ():
            piece.pop("index", None)  # Ours has one even if the server sends none.
    return fields


def described(error: Exception) -> dict[str, Any]:
    """What a chain's author may ask of *error*."""
    names = ("status_code", "code", "param", "type", "message", "body")
    said = {name: getattr(error, name, None) for name in names}
    response, request = (getattr(error, name, None) for name in ("response", "request"))
    if response is not None:
        headers = dict(response.headers)
        for name in CHANGING:
            headers.pop(name, None)
        said |= {"headers": headers, "text": response.text}
    if request is not None:
        said |= {"method": request.method, "url": str(request.url)}
    return {"class": type(error), "text of it": str(error), **said}
