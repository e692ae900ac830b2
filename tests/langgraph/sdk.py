"""LangGraph's own SDK for Python, at an app under test."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient

from tests.support.app_process import AppProcess

ANN, BOB = "caller-key-1", "caller-key-2"
MODES = ["values", "updates", "messages-tuple", "custom"]


def client(server: AppProcess, key: str = ANN) -> LangGraphClient:
    return get_client(url=f"{server.url}/langgraph", api_key=key)


def said(text: str, **more: Any) -> dict[str, Any]:
    """An input with a message of the user."""
    return {"messages": [{"type": "human", "content": text, **more}]}


async def all_of(parts: AsyncIterator[Any]) -> list[tuple[str, Any]]:
    return [(part.event, part.data) async for part in parts]


async def streamed(
    sdk: LangGraphClient, thread: str | None, chain: str, text: str = "", **more: Any
) -> list[tuple[str, Any]]:
    """The events of a run, in all modes that are not repetition."""
    given = {"input": said(text)} if text else {}
    run: Any = {"stream_mode": MODES, **given, **more}
    return await all_of(sdk.runs.stream(thread, chain, **run))


async def new_thread(sdk: LangGraphClient) -> str:
    return str((await sdk.threads.create())["thread_id"])


def of(mode: str, parts: Iterable[tuple[str, Any]]) -> list[Any]:
    return [data for name, data in parts if name == mode]


def names(parts: Iterable[tuple[str, Any]]) -> list[str]:
    """The names of the events, without repetition."""
    return list(dict.fromkeys(name for name, _ in parts))


def text_of(parts: Iterable[tuple[str, Any]]) -> str:
    return "".join(message["content"] for message, _ in of("messages", parts))


def texts(values: Any) -> list[tuple[str, str]]:
    return [(each["type"], each["content"].strip()) for each in values["messages"]]
