"""What an answer says, read from the bytes of a dialect."""

import json
from typing import Any

import httpx
from httpx_sse import EventSource, ServerSentEvent


def said(dialect: str, body: bytes, *, stream: bool) -> str | None:
    """The text in *body*; `None` if nobody here can read the *dialect*."""
    if not stream:
        return _whole(dialect, body)
    match dialect:
        case "text":
            told = [each.data for each in events(body) if each.event != "error"]
            return "".join(text for text in told if text != "[DONE]")
        case "json":
            return "".join(event.get("delta_content", "") for event in objects(body))
        case "delta":
            return "".join(event.get("delta", "") for event in objects(body))
        case "openai":
            chunks = [each for each in objects(body) if "error" not in each]
            deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
            return "".join(delta.get("content") or "" for delta in deltas)
        case "ui-message":
            chunks = objects(body)
            kinds = ("text-start", "text-delta")
            texts = [c.get("delta", "\n\n") for c in chunks if c["type"] in kinds]
            return "".join(texts).removeprefix("\n\n")
        case "ag-ui":
            return _of_run(objects(body))
        case "responses":
            return _of_items(objects(body)[-1]["response"])
        case "LangGraph SDK":
            tuples = [json.loads(each) for each in data(body) if each.startswith("[")]
            chunks = [chunk for chunk, _ in tuples]
            spoken = [each for each in chunks if each["type"] == "AIMessageChunk"]
            return "".join(each["content"] for each in spoken)
        case _:
            return None


def _of_items(response: dict[str, Any]) -> str:
    items = [item for item in response["output"] if item["type"] == "message"]
    return "\n\n".join(part["text"] for item in items for part in item["content"])


def _of_run(events: list[dict[str, Any]]) -> str:
    kinds = ("TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT")
    texts = [each.get("delta", "\n\n") for each in events if each["type"] in kinds]
    return "".join(texts).removeprefix("\n\n")


def _whole(dialect: str, body: bytes) -> str | None:
    if dialect == "text":
        return body.decode()
    if dialect not in ("json", "delta", "openai", "responses", "ui-message", "ag-ui"):
        return None
    answer = json.loads(body)
    match dialect:
        case "openai":
            return answer["choices"][0]["message"]["content"] or ""
        case "ag-ui":
            return _of_run(answer["events"])
        case "responses":
            return _of_items(answer)
        case "ui-message":
            parts = [part for part in answer["parts"] if part["type"] == "text"]
            return "\n\n".join(part["text"] for part in parts)
        case _:
            text: str = answer.get("content", answer.get("message"))
            return text


def events(body: bytes) -> list[ServerSentEvent]:
    response = httpx.Response(
        200, content=body, headers={"content-type": "text/event-stream"}
    )
    return [*EventSource(response).iter_sse()]


def data(body: bytes) -> list[str]:
    return [event.data for event in events(body)]


def objects(body: bytes) -> list[dict[str, Any]]:
    return [json.loads(data) for data in data(body) if data not in ("", "[DONE]")]
